package actors

import (
	"fmt"
	goruntime "runtime"
	"slices"
	"sync"
	"testing"
)

func goexit() { goruntime.Goexit() }

// pauses is a Source that records what it is told.
type pauses struct {
	mu  sync.Mutex
	log []string
}

func (p *pauses) Pause(address string)  { p.note("pause " + address) }
func (p *pauses) Resume(address string) { p.note("resume " + address) }

func (p *pauses) note(s string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.log = append(p.log, s)
}

func (p *pauses) want(t *testing.T, want ...string) {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	slices.Sort(p.log)
	slices.Sort(want)
	if !slices.Equal(p.log, want) {
		t.Errorf("source was told %q, want %q", p.log, want)
	}
	p.log = nil
}

func from(source Source, address string, size int) Delivery {
	return Delivery{Message: "m", Bytes: size, Source: source, Address: address}
}

func (b *handRun) deliver(n int, d Delivery) {
	for range n {
		b.m.Deliver(d)
	}
}

// Part of F5: whoever sends past the soft mark is told once, under the address
// that it wrote, and again only after it was told to resume.
func TestF5MailboxPausesEachSourceOnce(t *testing.T) {
	b := newHandRun(t, MailboxConfig{SoftMessages: 4, LowMessages: 2})
	one, two := new(pauses), new(pauses)
	b.deliver(4, from(one, "a", 0))
	if b.m.Congested() {
		t.Error("congested at the soft mark, not above it")
	}
	one.want(t)
	b.deliver(3, from(one, "a", 0))
	b.deliver(2, from(one, "b", 0))
	b.deliver(1, from(two, "a", 0))
	b.user("local")
	one.want(t, "pause a", "pause b")
	two.want(t, "pause a")
	if !b.m.Congested() {
		t.Error("not congested above the soft mark")
	}
	b.run()
	one.want(t, "resume a", "resume b")
	two.want(t, "resume a")
	b.deliver(5, from(two, "a", 0))
	two.want(t, "pause a")
}

func TestMailboxResumesBelowBothLowMarks(t *testing.T) {
	b := newHandRun(t, MailboxConfig{SoftMessages: 10, LowMessages: 3, SoftBytes: 100, LowBytes: 20})
	source := new(pauses)
	b.deliver(4, from(source, "a", 1))
	b.deliver(1, from(source, "a", 100))
	b.deliver(4, from(source, "a", 0))
	source.want(t, "pause a")
	begun, resumed := 0, 0
	b.do["m"] = func() {
		begun++
		if !b.m.Congested() && resumed == 0 {
			resumed = begun
		}
	}
	b.run()
	if resumed != 7 { // two wait, without bytes
		t.Errorf("uncongested when message %d began, want 7", resumed)
	}
	source.want(t, "resume a")
}

func TestMailboxPausesASourceThatItRefuses(t *testing.T) {
	b := newHandRun(t, MailboxConfig{SoftMessages: 2, HardMessages: 2})
	source := new(pauses)
	b.user("1", "2", "3")
	b.deliver(1, from(source, "a", 0))
	source.want(t, "pause a")
	b.run()
	source.want(t, "resume a")
}

func TestMailboxUncongested(t *testing.T) {
	b := newHandRun(t, MailboxConfig{SoftMessages: 2, LowMessages: 1})
	<-b.m.Uncongested()
	b.user("1", "2", "3")
	wait := b.m.Uncongested()
	select {
	case <-wait:
		t.Error("uncongested above the soft mark")
	default:
	}
	if again := b.m.Uncongested(); again != wait {
		t.Error("each waiter got its own channel")
	}
	b.run()
	<-wait
}

// A low mark that could never be reached would leave sources paused for ever.
func TestMailboxMarksAreReachable(t *testing.T) {
	for _, cfg := range []MailboxConfig{
		{SoftMessages: 1},
		{SoftMessages: 1, SoftBytes: 1, LowMessages: 1 << 20, LowBytes: 1 << 20},
		{HardMessages: 1, HardBytes: 1},
	} {
		b := newHandRun(t, cfg)
		source := new(pauses)
		b.deliver(5000, from(source, "a", 300))
		b.run()
		source.want(t, "pause a", "resume a")
		b.wantDepth(0, 0)
	}
}

// blockedSource delivers nothing itself; its Pause waits for a gate.
type gated struct {
	pauses
	entered, gate chan struct{}
}

func (g *gated) Pause(address string) {
	close(g.entered)
	<-g.gate
	g.pauses.Pause(address)
}

// A resume never overtakes the pause that it ends, which would leave the source
// paused for ever.
func TestMailboxResumeWaitsForItsPause(t *testing.T) {
	b := newHandRun(t, MailboxConfig{SoftMessages: 1, LowMessages: 1})
	source := &gated{entered: make(chan struct{}), gate: make(chan struct{})}
	var poster sync.WaitGroup
	poster.Go(func() { b.deliver(2, from(source, "a", 0)) })
	<-source.entered
	b.run()
	if b.m.Congested() {
		t.Error("congested though empty")
	}
	source.want(t)
	close(source.gate)
	poster.Wait()
	if got := fmt.Sprint(source.log); got != "[pause a resume a]" {
		t.Errorf("source was told %s", got)
	}
}
