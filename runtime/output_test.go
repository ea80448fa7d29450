package runtime

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"github.com/seed-4314ae1d/troupe/runtime/internal/osproc"
)

func TestOutputIsPrefixedWithoutALogger(t *testing.T) {
	var w bytes.Buffer
	o := newOutput(nil, &w)
	sink := o.sink("greeter/1#4")
	sink(osproc.Stdout, []byte("hello"), false)
	sink(osproc.Stderr, []byte("oh"), false)
	sink(osproc.CrashDump, []byte("goroutine 1 [running]:"), false)
	o.close()
	if got, want := w.String(), "greeter/1 │ hello\ngreeter/1 │ oh\n"; got != want {
		t.Errorf("wrote %q, want %q", got, want)
	}
}

func TestOutputBecomesEventsOfTheLogger(t *testing.T) {
	var w bytes.Buffer
	log := zerolog.New(&w)
	o := newOutput(&log, nil)
	sink := o.sink("greeter/1#4")
	sink(osproc.Stdout, []byte("plain"), false)
	sink(osproc.Stderr, []byte(`{"level":"error","message":"structured","n":7,"time":"x"}`), false)
	sink(osproc.Stdout, []byte(`{"not":"json"`), false)
	o.close()
	want := []map[string]any{
		{"level": "info", "message": "plain", "worker": "greeter/1#4", "stream": "stdout"},
		{"level": "error", "message": "structured", "worker": "greeter/1#4", "stream": "stderr", "n": 7.0},
		{"level": "info", "message": `{"not":"json"`, "worker": "greeter/1#4", "stream": "stdout"},
	}
	lines := strings.Split(strings.TrimSpace(w.String()), "\n")
	if len(lines) != len(want) {
		t.Fatalf("%d lines: %s", len(lines), w.String())
	}
	for i, line := range lines {
		var got map[string]any
		if err := json.Unmarshal([]byte(line), &got); err != nil {
			t.Fatal(err)
		}
		for key, value := range want[i] {
			if got[key] != value {
				t.Errorf("line %d: %s = %v, want %v", i, key, got[key], value)
			}
		}
		if len(got) != len(want[i]) {
			t.Errorf("line %d has other fields: %v", i, got)
		}
	}
}

// A sink that stands still blocks no worker: lines are dropped and counted.
func TestSlowLogDropsLinesAndBlocksNobody(t *testing.T) {
	gate := make(chan struct{})
	var w bytes.Buffer
	o := newOutput(nil, gated{gate, &w})
	sink := o.sink("greeter/1#1")
	for range 3 * maxLines {
		sink(osproc.Stdout, []byte("line"), false)
	}
	close(gate)
	o.close()
	sink = o.sink("greeter/1#1")
	if n := strings.Count(w.String(), "line\n"); n < maxLines || n > maxLines+2 {
		t.Errorf("%d lines written, the queue holds %d", n, maxLines)
	}
	if !strings.Contains(w.String(), "dropped") {
		t.Error("nothing says that lines were dropped")
	}
	_ = sink
}

type gated struct {
	gate chan struct{}
	w    *bytes.Buffer
}

func (g gated) Write(b []byte) (int, error) {
	<-g.gate
	return g.w.Write(b)
}
