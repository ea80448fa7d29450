package runtime_test

import (
	"errors"
	"strings"
	"testing"

	troupe "github.com/seed-4314ae1d/troupe/runtime"
)

// Who asks an actor that there is not is told which.
func TestErrNoActorNamesTheActor(t *testing.T) {
	c := start(t, troupe.Config{Groups: []troupe.Group{{Kind: puppets}}})
	for want, ref := range map[string]troupe.Ref{
		"puppet/1/host/root/nobody": c.Supervisor("puppet/1/host/root/nobody"),
		"master/master/nobody":      c.Supervisor("master/nobody"),
		"the Ref leads nowhere":     c.Supervisor("nobody"),
	} {
		_, err := troupe.WhichChildren(t.Context(), ref)
		if !errors.Is(err, troupe.ErrNoActor) || !strings.HasSuffix(err.Error(), ": "+want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}
