package actors

import (
	goruntime "runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/asynkron/protoactor-go/actor"
)

// mailboxes under comparison, in the same harness.
var mailboxes = []struct {
	name string
	make func() actor.Mailbox
}{
	{"troupe", func() actor.Mailbox { return NewMailbox(MailboxConfig{ID: "a"}) }},
	{"protoactor", actor.Unbounded()},
	{"protoactor-lockfree", actor.UnboundedLockfree()},
}

// hopCounter is an invoker that counts user messages.
type hopCounter struct{ handled atomic.Int64 }

func (c *hopCounter) InvokeSystemMessage(any)  {}
func (c *hopCounter) InvokeUserMessage(any)    { c.handled.Add(1) }
func (c *hopCounter) EscalateFailure(any, any) {}

// await spins until n messages were handled.
func (c *hopCounter) await(n int64) {
	for c.handled.Load() < n {
		goruntime.Gosched()
	}
}

// startMailbox returns a mailbox whose messages c counts.
func startMailbox(m actor.Mailbox, invoker actor.MessageInvoker) actor.Mailbox {
	m.RegisterHandlers(invoker, actor.NewDefaultDispatcher(300))
	m.PostSystemMessage(&actor.Started{})
	m.Start()
	return m
}

// BenchmarkMailboxHop is the cost of a message from PostUserMessage to its
// handler, with at most a window of messages in flight.
func BenchmarkMailboxHop(b *testing.B) {
	const window = 2048
	for _, producers := range []int{1, 4} {
		for _, box := range mailboxes {
			b.Run(box.name+"/producers="+string(rune('0'+producers)), func(b *testing.B) {
				c := new(hopCounter)
				m := startMailbox(box.make(), c)
				var message any = new(actor.Watch)
				b.ReportAllocs()
				b.ResetTimer()
				var all sync.WaitGroup
				var posted atomic.Int64
				for range producers {
					all.Go(func() {
						for n := posted.Add(64); n < int64(b.N)+64; n = posted.Add(64) {
							c.await(n - window)
							for range 64 {
								m.PostUserMessage(message)
							}
						}
					})
				}
				all.Wait()
				c.await(int64(b.N))
			})
		}
	}
}

// BenchmarkMailboxPingPong wakes a sleeping mailbox for each message.
func BenchmarkMailboxPingPong(b *testing.B) {
	for _, box := range mailboxes {
		b.Run(box.name, func(b *testing.B) {
			c := new(hopCounter)
			m := startMailbox(box.make(), c)
			b.ReportAllocs()
			n := int64(0)
			for b.Loop() {
				m.PostUserMessage(c)
				n++
				c.await(n)
			}
		})
	}
}

// BenchmarkMailboxNew is what an idle actor's mailbox costs.
func BenchmarkMailboxNew(b *testing.B) {
	for _, box := range mailboxes {
		b.Run(box.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				m := box.make()
				m.RegisterHandlers(new(hopCounter), actor.NewSynchronizedDispatcher(300))
				m.PostSystemMessage(&actor.Started{})
				m.Start()
			}
		})
	}
}

// later is a dispatcher that runs when the benchmark says so.
type later struct{ run func() }

func (d *later) Schedule(run func()) { d.run = run }
func (d *later) Throughput() int     { return 300 }

// BenchmarkMailboxQuiet is the cost of a hop without a second core: batches
// posted, then handled, on one goroutine.
func BenchmarkMailboxQuiet(b *testing.B) {
	for _, box := range mailboxes {
		b.Run(box.name, func(b *testing.B) {
			m, dispatcher := box.make(), new(later)
			m.RegisterHandlers(new(hopCounter), dispatcher)
			m.Start()
			b.ReportAllocs()
			b.ResetTimer()
			for n := 0; n < b.N; n += 256 {
				for range 256 {
					m.PostUserMessage(m)
				}
				dispatcher.run()
			}
		})
	}
}
