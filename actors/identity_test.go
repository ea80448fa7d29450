package actors

import (
	"strings"
	"testing"
)

func TestParseIncarnation(t *testing.T) {
	for _, tc := range []struct {
		text string
		want Incarnation
	}{
		{"counter/2#1", Incarnation{Slot{"counter", 2}, 1}},
		{"a.b-c_D9/10#345678912", Incarnation{Slot{"a.b-c_D9", 10}, 345678912}},
	} {
		got, err := ParseIncarnation(tc.text)
		if err != nil || got != tc.want || got.String() != tc.text {
			t.Errorf("ParseIncarnation(%q) = %v, %v", tc.text, got, err)
		}
	}
	for _, text := range []string{
		"", "master", "counter", "counter/2", "counter/2#", "counter#1", "counter/#1", "/2#1", "counter/2#0", "counter/0#1",
		"counter/02#1", "counter/+2#1", "counter/-2#1", "counter/2#1#1", "counter/2/3#1", "9counter/2#1", "coun ter/2#1", "müller/2#1",
		"counter/2#1 ", " counter/2#1", "counter/2#1234567890", "counter/٢#1", "master/1#1", ".a/1#1", "node/counter/2#1",
	} {
		if got, err := ParseIncarnation(text); err == nil || got != (Incarnation{}) {
			t.Errorf("ParseIncarnation(%q) = %v, %v, want an error", text, got, err)
		}
	}
}

func TestParseSlot(t *testing.T) {
	if got, err := ParseSlot("counter/2"); err != nil || got != (Slot{"counter", 2}) || got.String() != "counter/2" {
		t.Errorf("ParseSlot = %v, %v", got, err)
	}
	for _, text := range []string{"", "counter", "counter/", "/1", "counter/0", "counter/1#1", "counter/1/2", "master/1"} {
		if _, err := ParseSlot(text); err == nil || !strings.Contains(err.Error(), "want group/number") {
			t.Errorf("ParseSlot(%q): %v", text, err)
		}
	}
}

// FuzzParseIncarnation: whatever is read is written back the same.
func FuzzParseIncarnation(f *testing.F) {
	f.Add("counter/2#1")
	f.Fuzz(func(t *testing.T, text string) {
		if got, err := ParseIncarnation(text); err == nil && got.String() != text {
			t.Errorf("%q reads as %v", text, got)
		}
	})
}
