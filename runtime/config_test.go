package runtime_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	troupe "github.com/seed-4314ae1d/troupe/runtime"
)

func TestConfigIsRefusedWhole(t *testing.T) {
	_, err := troupe.Start(t.Context(), troupe.Config{
		MaxMessage: -1,
		Intensity:  troupe.Intensity{MaxRestarts: 1},
		Groups: []troupe.Group{
			{},
			{Kind: puppets, Size: -2, Name: "bad/name", Args: 7, Restart: 9, Heartbeat: -time.Second},
			{Kind: puppets, Name: "twice"},
			{Kind: puppets, Name: "twice", Backoff: troupe.Backoff{Jitter: 2, Factor: 0.5}},
			{Kind: configured},
		},
	})
	var bad *troupe.ConfigError
	if !errors.As(err, &bad) {
		t.Fatalf("err = %v", err)
	}
	var fields []string
	for _, f := range bad.Fields {
		fields = append(fields, f.Field)
	}
	for _, want := range []string{
		"MaxMessage", "Intensity.Period", "Groups[0].Kind", "Groups[1].Size", "Groups[1].Name", "Groups[1].Args",
		"Groups[1].Restart", "Groups[1].Heartbeat", "Groups[3].Name", "Groups[3].Backoff.Jitter",
		"Groups[3].Backoff.Factor", "Groups[4].Args",
	} {
		if !slices.Contains(fields, want) {
			t.Errorf("%s is not named in %v", want, err)
		}
	}
	if _, err := troupe.Start(t.Context(), troupe.Config{}); !errors.As(err, &bad) || bad.Fields[0].Field != "Groups" {
		t.Errorf("empty config: %v", err)
	}
}
