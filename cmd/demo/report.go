package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A Name is an identifier and how often it occurs.
type Name struct {
	Name  string `json:"name"`
	Count int    `json:"count"`
}

// A Report is all that a run has to say. Its exported fields are the object that
// -json prints.
type Report struct {
	Files       int    `json:"files"`
	Bytes       int    `json:"bytes"`
	Identifiers int    `json:"identifiers"`
	Distinct    int    `json:"distinct"`
	Workers     int    `json:"workers"`
	Kills       int    `json:"kills"`    // workers that the demo had killed
	Restarts    int    `json:"restarts"` // of workers, for whatever reason
	Retries     int    `json:"retries"`  // batches handed out again
	ElapsedMS   int64  `json:"elapsed_ms"`
	Top         []Name `json:"top"`
	Serve       string `json:"serve,omitempty"` // the address of -serve

	lost, twice int // files
	elapsed     time.Duration
}

func (r *Report) count(sum *Result, top int) {
	r.Files, r.Bytes = sum.Files, sum.Bytes
	r.Identifiers, r.Distinct = sum.Names.Total(), len(sum.Names)
	r.Top = topNames(sum.Names, top)
	r.ElapsedMS = r.elapsed.Milliseconds()
}

// topNames returns the n names that occur most, those of equal count by name.
func topNames(t Tally, n int) []Name {
	if n = min(n, len(t)); n <= 0 {
		return []Name{}
	}
	best := make([]Name, 0, 2*n) // the n best so far, and some that may not be
	floor := 0                   // the count that is needed to be of them
	for name, count := range t {
		if count < floor {
			continue
		}
		if best = append(best, Name{name, count}); len(best) == 2*n {
			slices.SortFunc(best, byCount)
			best = best[:n]
			floor = best[n-1].Count
		}
	}
	slices.SortFunc(best, byCount)
	return best[:n]
}

func byCount(a, b Name) int {
	return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Name, b.Name))
}

func (r *Report) writeJSON(out io.Writer) error {
	return json.NewEncoder(out).Encode(r)
}

func (r *Report) writeText(out io.Writer) {
	fmt.Fprintln(out)
	for row := range slices.Chunk(r.Top, 5) {
		fmt.Fprintln(out, "  "+strings.Join(texts(row), "   "))
	}
	line := fmt.Sprintf("%s identifiers, %s distinct", thousands(r.Identifiers), thousands(r.Distinct))
	if r.Workers > 0 {
		line += fmt.Sprintf(": %s died, %s lost, %s counted twice",
			plural(r.Restarts, "worker"), plural(r.lost, "file"), thousands(r.twice))
	}
	fmt.Fprintln(out, line)
}

func texts(names []Name) []string {
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = n.Name + " " + thousands(n.Count)
	}
	return out
}

// differences says, one line each, what two results of one count disagree on.
func differences(got, want *Result) (lines []string) {
	differ := func(what string, got, want int) {
		if got != want {
			lines = append(lines, fmt.Sprintf("%s: %s, in one process %s", what, thousands(got), thousands(want)))
		}
	}
	differ("files", got.Files, want.Files)
	differ("files not readable", len(got.Failed), len(want.Failed))
	differ("bytes", got.Bytes, want.Bytes)
	differ("identifiers", got.Names.Total(), want.Names.Total())
	differ("distinct identifiers", len(got.Names), len(want.Names))
	all := maps.Clone(want.Names)
	maps.Copy(all, got.Names)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		differ("identifier "+name, got.Names[name], want.Names[name])
	}
	return lines
}

func (d death) String() string {
	who := fmt.Sprintf("%s/%d#%d (pid %d)", d.who.Group, d.who.N, d.who.Life, d.pid)
	line := fmt.Sprintf("  %-24s %-35s → #%d ready in %d ms", who, d.how, d.replacement, d.ready.Milliseconds())
	if d.who.Group == group {
		line += ", " + plural(d.again, "batch") + " again"
	}
	return line
}

// plural returns n of the thing, such as 1 batch or 2 batches.
func plural(n int, thing string) string {
	switch {
	case n == 1:
		return "1 " + thing
	case strings.HasSuffix(thing, "ch"), strings.HasSuffix(thing, "ss"):
		thing += "es"
	default:
		thing += "s"
	}
	return thousands(n) + " " + thing
}

// thousands returns n with a comma before each group of three digits.
func thousands(n int) string {
	digits := strconv.Itoa(n)
	sign := ""
	if n < 0 {
		sign, digits = "-", digits[1:]
	}
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return sign + digits
}

// megabytes returns n bytes as text, in units of a thousand.
func megabytes(n int) string {
	switch {
	case n >= 1e6:
		return thousands((n+5e5)/1e6) + " MB"
	case n >= 1e3:
		return strconv.Itoa((n+500)/1e3) + " kB"
	}
	return plural(n, "byte")
}
