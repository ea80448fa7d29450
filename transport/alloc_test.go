package transport

import (
	"fmt"
	"testing"
)

func TestNoAllocationPerFrameOnceWarm(t *testing.T) {
	if raceEnabled {
		t.Skip("pools forget under the race detector")
	}
	names := make([]Addr, 50)
	for i := range names {
		names[i] = Addr{"indexer/1#4", fmt.Sprint("actor", i)}
	}
	payload, meta := make([]byte, 100), make([]byte, 20)
	i := 0
	cases := map[string]func(l *Link) error{
		"same addresses": func(l *Link) error {
			return l.Send(&Frame{Kind: 1, To: names[0], From: names[1], Type: "t", Payload: payload})
		},
		"changing addresses": func(l *Link) error {
			i++
			return l.Send(&Frame{Kind: 1, To: names[i%50], From: names[i/7%50], Type: "t", Call: 1, Meta: meta, Payload: payload})
		},
		"buffer": func(l *Link) error {
			b := GetBuffer()
			b.B = append(b.B, payload...)
			return l.Send(&Frame{Kind: 1, To: names[0], Type: "t", Buf: b})
		},
		"control": func(l *Link) error { return l.SendControl(&Frame{Kind: 1, To: names[0], Payload: payload}) },
	}
	for name, send := range cases {
		t.Run(name, func(t *testing.T) {
			if got := allocsPerFrame(t, send); got != 0 {
				t.Errorf("%v allocations per frame", got)
			}
		})
	}
}

// allocsPerFrame counts those of sending, writing, reading and handling.
func allocsPerFrame(t *testing.T, send func(*Link) error) float64 {
	t.Helper()
	arrived := make(chan struct{}, 1)
	near, _ := pipeLinks(t, Config{}, Config{}, discard{}, handler(func(*Frame) error {
		arrived <- struct{}{}
		return nil
	}))
	one := func() {
		if err := send(near); err != nil {
			t.Fatal(err)
		}
		<-arrived
	}
	for range 1000 {
		one()
	}
	return testing.AllocsPerRun(2000, one)
}
