package runtime

import (
	"testing"
	"time"

	"github.com/seed-4314ae1d/troupe/actors"
)

// told is one pong, and when it came.
type told struct {
	at                  time.Duration
	up, cpu             time.Duration
	messages, sent, got uint64
}

func TestRatesOfReadings(t *testing.T) {
	second := actors.Rates{Span: time.Second, In: 100, Out: 50, Begun: 40, CPU: 0.25}
	one := told{at: time.Second, up: 1 * time.Second, cpu: 100 * time.Millisecond, messages: 10, sent: 1000, got: 500}
	two := told{at: 2 * time.Second, up: 2 * time.Second, cpu: 350 * time.Millisecond, messages: 50, sent: 1100, got: 550}
	for _, test := range []struct {
		name  string
		pongs []told
		want  actors.Rates
	}{
		{"nothing told", nil, actors.Rates{}},
		{"told once", []told{one}, actors.Rates{}},
		{"told twice", []told{one, two}, second},
		{"too soon after", []told{one, {at: time.Second + 400*time.Millisecond, sent: 9999}}, actors.Rates{}},
		{"two after a stop, at once", []told{one, two, {at: 2*time.Second + 1, up: 2 * time.Second, cpu: 350 * time.Millisecond, messages: 50, sent: 1100, got: 550}},
			actors.Rates{Span: time.Second + 1, In: 100, Out: 50, Begun: 40, CPU: 0.25}},
		{"often: of the half second before", []told{
			{at: 0}, {at: 200 * time.Millisecond, sent: 1000}, {at: 400 * time.Millisecond, sent: 1000},
			{at: 600 * time.Millisecond, sent: 1000}, {at: 1200 * time.Millisecond, up: 1, sent: 1060},
		}, actors.Rates{Span: 600 * time.Millisecond, In: 100}},
		{"it lies: less than before", []told{two, {at: 4 * time.Second, up: 1, cpu: 1, messages: 1, sent: 1100, got: 550}},
			actors.Rates{Span: 2 * time.Second}},
	} {
		var r readings
		for _, p := range test.pongs {
			u := actors.Usage{Up: p.up, CPU: p.cpu, Messages: p.messages}
			r.take(appendUsage(nil, u), traffic{p.sent, p.got}, time.Unix(1000, 0).Add(p.at))
		}
		if _, got := r.rates(); !near(got, test.want) {
			t.Errorf("%s: %+v, want %+v", test.name, got, test.want)
		}
	}
}

// near reports whether rates are the same but for rounding.
func near(a, b actors.Rates) bool {
	same := func(x, y float64) bool { return x-y < 0.001 && y-x < 0.001 }
	return a.Span == b.Span && same(a.In, b.In) && same(a.Out, b.Out) && same(a.Begun, b.Begun) && same(a.CPU, b.CPU)
}

func TestGauge(t *testing.T) {
	g := newGauge()
	var u actors.Usage
	g.read(&u)
	if u.Memory <= 0 || u.Heap <= 0 || u.Goroutines <= 0 || u.CPU <= 0 {
		t.Errorf("this process uses %+v", u)
	}
}

func BenchmarkGauge(b *testing.B) {
	g := newGauge()
	b.ReportAllocs()
	for b.Loop() {
		var u actors.Usage
		g.read(&u)
	}
}
