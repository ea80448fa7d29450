package runtime_test

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/seed-4314ae1d/troupe/actors"
	troupe "github.com/seed-4314ae1d/troupe/runtime"
)

// Whatever fails or is killed, and however these overlap: in the end each
// proxy has one actor, which answers, and nobody has one too many.
func TestFarChaos(t *testing.T) {
	for _, where := range farPlaces {
		t.Run(where, func(t *testing.T) { farChaos(t, where) })
	}
}

func farChaos(t *testing.T, where string) {
	const children, harms = 20, 30
	c := start(t, troupe.Config{Groups: []troupe.Group{{
		Kind: puppets, Size: 3, Procs: 1, Intensity: troupe.Intensity{MaxRestarts: 1000, Period: time.Second},
		Backoff: troupe.Backoff{Max: 50 * time.Millisecond},
	}, {Kind: farParents}}})
	parent := c.Slot("farparent", 1)
	if where == "master" {
		parent = c.Ref(c.System().Root.Spawn(actor.PropsFromProducer(newFarParent)))
		t.Cleanup(func() { _ = c.System().Root.StopFuture(parent.PID()).Wait() })
	}
	ask[*done](t, parent, &farDecide{"restart"})
	proxies := make([]*actor.PID, children)
	for i := range proxies {
		proxies[i] = ask[*farPIDs](t, parent, &farSpawn{Name: strconv.Itoa(i), Group: "puppet", Slot: i % 4, Early: true}).Proxy
	}
	root := c.System().Root
	for range harms {
		victim := proxies[rand.IntN(children)]
		switch rand.IntN(4) {
		case 0:
			root.Send(victim, &die{"SIGKILL"})
		case 1:
			root.Send(c.Slot("puppet", 1+rand.IntN(3)).PID(), &die{"exit 7"})
		case 2:
			root.Send(victim, &fail{"chaos"})
		case 3:
			_, _ = tryAsk[*echo](t, c.Ref(victim), &echo{"meanwhile"}) // it may be lost with its process
		}
		if rand.IntN(3) == 0 {
			ask[*done](t, parent, &farDecide{[]string{"restart", "resume"}[rand.IntN(2)]})
		}
	}
	for _, proxy := range proxies {
		eventually(t, fmt.Sprintf("%v to answer", proxy), func() bool {
			_, err := tryAsk[*identity](t, c.Ref(proxy), &whoami{})
			return err == nil
		})
	}
	eventually(t, "one actor for each proxy", func() bool {
		n := 0
		for slot := 1; slot <= 3; slot++ {
			host := actor.NewPID(fmt.Sprintf("puppet/%d", slot), actors.FarHostID)
			counts, err := tryAsk[*troupe.ChildCounts](t, c.Ref(host), &actors.CountChildren{})
			if err != nil {
				return false
			}
			n += counts.Active
		}
		return n == children
	})
	eventually(t, "two watches for each", func() bool { return c.Stats().Watches == 2*children })
	if asked := ask[*farSights](t, parent, &farSeen{}).Asked; len(asked) == 0 {
		t.Error("no harm was done")
	}
}
