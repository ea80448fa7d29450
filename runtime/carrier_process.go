package runtime

import (
	"io"
	"os"

	"github.com/seed-4314ae1d/troupe/runtime/internal/osproc"
)

// processCarry runs each worker in a process of its own: this program again.
func processCarry(forker *osproc.Forker, out *output, guards osproc.Guards) carry {
	return func(g Group, s settings) (carrier, io.ReadCloser, io.WriteCloser, error) {
		p, err := forker.Start(osproc.Spec{
			Env:    append(os.Environ(), g.Env...),
			Output: out.sink(s.Who),
			Guards: guards,
		})
		if err != nil {
			return nil, nil, nil, err
		}
		return p, p.Reader(), p.Writer(), nil
	}
}
