package runtime_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"testing"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/rs/zerolog"

	troupe "github.com/seed-4314ae1d/troupe/runtime"
)

// blip is an event of 64 bytes with a codec of its own.
type blip struct{ N [8]uint64 }

func (m *blip) AppendBinary(b []byte) ([]byte, error) {
	for _, n := range m.N {
		b = binary.LittleEndian.AppendUint64(b, n)
	}
	return b, nil
}

func (m *blip) UnmarshalBinary(b []byte) error {
	if len(b) != 64 {
		return fmt.Errorf("%d bytes", len(b))
	}
	for i := range m.N {
		m.N[i] = binary.LittleEndian.Uint64(b[8*i:])
	}
	return nil
}

// blipCounter counts blips, and answers when it has had as many as it is asked
// for.
type blipCounter struct {
	count   uint64
	topics  int // to subscribe to
	pending int // of them, and not held yet
	asked   *actor.PID
	want    uint64
}

type (
	blipTopics struct{ N int } // subscribe to so many topics; answered by *done
	blipsUntil struct{ N uint64 }
)

var blipKind = troupe.RegisterKind("blips", func() actor.Actor { return &blipCounter{} })

func init() { troupe.RegisterMessages(new(blip), new(blipTopics), new(blipsUntil)) }

func blipTopic(i int) string { return fmt.Sprintf("blips.of.%d", i) }

func (c *blipCounter) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case *blip:
		c.count++
		c.answer(ctx)
	case *blipsUntil:
		c.asked, c.want = ctx.Sender(), m.N
		c.answer(ctx)
	case *blipTopics:
		c.asked, c.topics, c.pending = ctx.Sender(), m.N, m.N
		for range min(m.N, 4096) {
			c.subscribe(ctx)
		}
	case *troupe.Subscribed:
		c.subscribe(ctx)
		if c.pending--; c.pending == 0 {
			ctx.Send(c.asked, &done{})
			c.asked = nil
		}
	case *troupe.BrokerError:
		ctx.Send(c.asked, m)
	}
}

// subscribe asks for one more topic, if there is one.
func (c *blipCounter) subscribe(ctx actor.Context) {
	if c.topics > 0 {
		c.topics--
		ctx.Request(troupe.FromActor(ctx).Broker().PID(), &troupe.Subscribe{Pattern: blipTopic(c.topics), Events: 1 << 16})
	}
}

func (c *blipCounter) answer(ctx actor.Context) {
	if c.asked != nil && c.want > 0 && c.count >= c.want {
		ctx.Send(c.asked, &done{})
		c.asked = nil
	}
}

// BenchmarkPublish4 publishes events of 64 bytes from a goroutine in the master,
// round all topics, to a subscriber of all in each of four workers. Never more
// than two windows are under way, so that none is dropped.
func BenchmarkPublish4(b *testing.B) {
	for _, topics := range []int{1, 10, 1000, 100_000} {
		b.Run(fmt.Sprintf("topics=%d", topics), func(b *testing.B) {
			c := startBlips(b, topics)
			ctx := b.Context()
			names := make([]string, topics)
			for i := range names {
				names[i] = blipTopic(i)
			}
			event := &blip{}
			sent := uint64(0)
			b.ReportAllocs()
			for b.Loop() {
				p, err := troupe.NewPublication(c, names[int(sent)%topics], event)
				if err != nil {
					b.Fatal(err)
				}
				if err := c.Send(ctx, c.Broker(), p); err != nil {
					b.Fatal(err)
				}
				if sent++; sent%blipWindow == 0 && sent > blipWindow {
					awaitBlips(ctx, b, c, sent-blipWindow)
				}
			}
			awaitBlips(ctx, b, c, sent)
			b.ReportMetric(4*float64(sent)/b.Elapsed().Seconds(), "deliveries/s")
			if got := benchStats(b, c); got.Lost+got.Dropped > 0 {
				b.Errorf("%+v", got)
			}
		})
	}
}

const blipWindow = 16 << 10

func startBlips(b *testing.B, topics int) *troupe.Cluster {
	b.Helper()
	log := zerolog.Nop()
	c, err := troupe.Start(b.Context(), troupe.Config{Logger: &log, Groups: []troupe.Group{{Kind: blipKind, Size: 4}}})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := c.Stop(context.Background()); err != nil {
			b.Error(err)
		}
	})
	for _, ref := range c.Slots("blips") {
		if _, err := troupe.Ask[*done](b.Context(), ref, &blipTopics{topics}); err != nil {
			b.Fatal(err)
		}
	}
	return c
}

func awaitBlips(ctx context.Context, b *testing.B, c *troupe.Cluster, n uint64) {
	b.Helper()
	for _, ref := range c.Slots("blips") {
		if _, err := troupe.Ask[*done](ctx, ref, &blipsUntil{n}); err != nil {
			b.Fatal(err)
		}
	}
}

func benchStats(b *testing.B, c *troupe.Cluster) *troupe.BrokerStats {
	b.Helper()
	got, err := troupe.Ask[*troupe.BrokerStats](b.Context(), c.Broker(), &troupe.BrokerStatsRequest{})
	if err != nil {
		b.Fatal(err)
	}
	return got
}
