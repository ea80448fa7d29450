//go:build unix

package runtime_test

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"math/rand/v2"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"

	troupe "github.com/seed-4314ae1d/troupe/runtime"
	"github.com/seed-4314ae1d/troupe/transport"
)

// A boaster is a worker that tells lies of itself: garbage, and then the most
// that there can be and the least, in turn.
func init() {
	roles["boaster"] = func() {
		asked := make(awaited, 1)
		l, _ := playWorker(handlers{troupe.KindPing: asked})
		most := []byte(strings.Repeat("\xff\xff\xff\xff\xff\xff\xff\xff\x7f", 12)) // math.MaxInt64, twelve times
		for _, lie := range [][]byte{nil, {0xff}, {1, 2}, make([]byte, 30000)} {
			control(l, &transport.Frame{Kind: troupe.KindPong, Payload: lie})
		}
		for n := 0; ; n++ {
			select {
			case <-asked:
				control(l, &transport.Frame{Kind: troupe.KindPong, Payload: [][]byte{most, make([]byte, 12)}[n%2]})
			case <-l.Done():
				os.Exit(0)
			}
		}
	}
}

// F10: what a worker says of itself harms nobody, whatever it is.
func TestF10StatusOfABoaster(t *testing.T) {
	boaster := brisk(puppets, 1)
	boaster.Name, boaster.Env, boaster.DrainTimeout = "boaster", []string{"TEST_ROLE=boaster"}, 10*time.Millisecond
	c := start(t, troupe.Config{Groups: []troupe.Group{{Kind: puppets}, boaster}})
	seen := 0
	eventually(t, "lies of each kind", func() bool {
		status, err := c.Status(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := json.Marshal(status); err != nil {
			t.Fatal(err)
		}
		w := status.Groups[1].Workers[0]
		for _, rate := range []float64{w.Rates.In, w.Rates.Out, w.Rates.Begun, w.Rates.CPU} {
			if math.IsNaN(rate) || math.IsInf(rate, 0) || rate < 0 {
				t.Fatalf("rates %+v", w.Rates)
			}
		}
		switch {
		case w.Usage.Told == 0:
		case w.Usage.Memory == math.MaxInt64:
			seen |= 1
		case w.Usage.Memory == 0:
			seen |= 2
		}
		return seen == 3 && w.Rates.Span > 0 && len(status.String()) > 0
	})
	if got := ask[*echo](t, c.Slot("puppet", 1), &echo{"unharmed"}); got.Text != "unharmed" {
		t.Errorf("the other worker answered %q", got.Text)
	}
}

// Workers are killed while everybody asks how they are: each question has one
// outcome in time, no status tells of a life that is over by the numbers of
// another, and at the end nothing is left of the questions.
func TestStatusWhileWorkersAreKilled(t *testing.T) {
	log := zerolog.Nop()
	g := brisk(puppets, 4)
	g.Intensity = troupe.Intensity{MaxRestarts: 10000, Period: time.Minute}
	c := start(t, troupe.Config{Logger: &log, Groups: []troupe.Group{g}})
	until := time.Now().Add(2 * time.Second)
	var asking sync.WaitGroup
	for range 4 {
		asking.Go(func() { askHowItIs(t, c, until) })
	}
	for time.Now().Before(until) {
		killWorker(c, "puppet")
		<-time.After(20 * time.Millisecond)
	}
	asking.Wait()
	eventually(t, "all to be back", func() bool {
		for _, slot := range c.Slots("puppet") {
			if w := statusOf(t, c, slot.PID().Address); w.State != troupe.StateReady || w.Usage.Told == 0 {
				return false
			}
		}
		return true
	})
	eventually(t, "no call to be left", func() bool { s := c.Stats(); return s.PendingCalls+s.OpenCalls == 0 })
	if s := c.Stats(); len(s.Links) != 4 || s.Watches != 0 {
		t.Errorf("%d links, %d watches", len(s.Links), s.Watches)
	}
}

func askHowItIs(t *testing.T, c *troupe.Cluster, until time.Time) {
	for time.Now().Before(until) {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		status, err := c.Status(ctx)
		if err != nil || len(status.Groups) != 1 || len(status.Groups[0].Workers) != 4 {
			t.Errorf("status: %v, %v", status, err)
			cancel()
			return
		}
		for _, w := range status.Groups[0].Workers {
			if w.Worker == "" && (w.Usage.Told != 0 || w.OSPID != 0 || w.Link.To.Frames != 0) || w.Usage.Told > 0 && w.Usage.Up <= 0 {
				t.Errorf("it says %+v", w)
			}
		}
		who := status.Groups[0].Workers[rand.IntN(4)].Slot
		_, err = c.Profile(ctx, who, troupe.ProfileRequest{Name: "goroutine", Debug: 1})
		if err != nil && !errors.Is(err, troupe.ErrMaybeDone) && !errors.Is(err, troupe.ErrOverflow) && !errors.Is(err, troupe.ErrNotSent) {
			t.Errorf("profile of %s: %v", who, err)
		}
		cancel()
	}
}
