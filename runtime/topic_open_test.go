package runtime_test

import (
	"context"
	"testing"
)

// I2: a stream that is open has every event from then on, however soon it is
// read and published to.
func TestI2AStreamIsThereOnceItIsOpen(t *testing.T) {
	c := startHearers(t, 1)
	for n := range 500 {
		ctx, cancel := context.WithCancel(t.Context())
		events, err := ticks.Stream(ctx, c)
		if err != nil {
			t.Fatal(err)
		}
		published := make(chan error, 1)
		go func() { published <- ticks.Publish(ctx, c, &tick{From: "master", N: n}) }()
		for event, err := range events {
			if err != nil || event.N != n {
				t.Errorf("stream %d: %+v, %v", n, event, err)
			}
			break
		}
		if err := <-published; err != nil {
			t.Fatal(err)
		}
		cancel()
	}
}
