package runtime

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"github.com/seed-4314ae1d/troupe/runtime/internal/codec"
	"github.com/seed-4314ae1d/troupe/transport"
)

func schemaOf(digest uint64, shapes map[string]string) codec.Schema {
	return codec.Schema{Digest: digest, Shapes: shapes}
}

func TestSchemasOfOneProgramSayNothing(t *testing.T) {
	ours := schemaOf(7, map[string]string{"a.A": "{}"})
	for name, digest := range map[string][]byte{"the same": schemaDigest(ours), "none": nil, "no digest": {1, 2, 3}} {
		if said := answerSchema(digest, ours); said != nil {
			t.Errorf("%s: %q", name, said)
		}
	}
}

func TestDifferencesOfSchemas(t *testing.T) {
	long := strings.Repeat("x", maxShape)
	ours := schemaOf(1, map[string]string{"a.Same": "{A int}", "a.Other": "{A int}", "a.Ours": "{}", "a.Long": long + "1"})
	theirs := schemaOf(2, map[string]string{"a.Same": "{A int}", "a.Other": "{B int}", "a.Theirs": "{}", "a.Long": long + "2"})
	found := differences(ours, answerSchema(schemaDigest(ours), theirs))
	if want := []difference{{"a.Other", "{A int}", "{B int}"}}; !slices.Equal(found, want) {
		t.Errorf("%v, want %v", found, want)
	}
}

// What a worker says is bounded, and what a master is told is not trusted.
func TestSchemasAreBounded(t *testing.T) {
	many := make(map[string]string)
	for i := range 40_000 {
		many[fmt.Sprintf("a.T%06d", i)] = strings.Repeat("f int, ", 20)
	}
	said := answerSchema(schemaDigest(schemaOf(1, nil)), schemaOf(2, many))
	if len(said) > maxShapes*5/4 || len(differences(schemaOf(1, map[string]string{"a.T000000": "{}"}), said)) != 1 {
		t.Errorf("%d bytes", len(said))
	}
	for _, garbage := range [][]byte{nil, {0xff}, {0xa1, 0x61}, encodeWire([]int{1}), encodeWire(map[string]int{"a.A": 1})} {
		if found := differences(schemaOf(1, map[string]string{"a.A": "{}"}), garbage); found != nil {
			t.Errorf("%x: %v", garbage, found)
		}
	}
}

func TestDifferenceIsToldOnce(t *testing.T) {
	var log strings.Builder
	var told schemaLog
	name := "github.com/seed-4314ae1d/troupe/actors.Reload"
	for _, who := range []string{"a/1#1", "a/2#1", "a/1#2"} {
		told.compare(zerolog.New(&log), who, transport.Hello{
			Fields: map[string][]byte{typesField: encodeWire(map[string]string{name: "{Why string}"})},
		})
	}
	if n := strings.Count(log.String(), "{Why string}"); n != 1 {
		t.Errorf("told %d times:\n%s", n, &log)
	}
	for i := range 2 * maxTold {
		told.first(difference{name: fmt.Sprint(i)})
	}
	if len(told.told) != maxTold {
		t.Errorf("%d are remembered", len(told.told))
	}
}

func FuzzDifferences(f *testing.F) {
	ours := messages.Schema()
	f.Add(answerSchema(schemaDigest(codec.Schema{Digest: 1}), ours))
	f.Fuzz(func(t *testing.T, said []byte) {
		for _, d := range differences(ours, said) {
			if d.ours == d.theirs || len(d.theirs) > maxShape {
				t.Errorf("%+v", d)
			}
		}
	})
}
