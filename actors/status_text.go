package actors

import (
	"encoding/json"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"
)

// MarshalJSON writes the name of the state.
func (s ChildState) MarshalJSON() ([]byte, error) { return json.Marshal(s.String()) }

// MarshalJSON writes the name of the strategy.
func (s Strategy) MarshalJSON() ([]byte, error) { return json.Marshal(s.String()) }

// String is the status as a table for people, a line for the master and for
// each slot, and one for each queue of jobs. Its form may change.
func (s *ClusterStatus) String() string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "worker\tstate\tpid\tup\tcpu\trss\theap\tgoroutines\twaiting\tin/s\tout/s\trestarts\tlast")
	s.Master.row(w)
	for i := range s.Groups {
		s.Groups[i].rows(w)
	}
	_ = w.Flush() // to a Builder
	for i := range s.Groups {
		if jobs := s.Groups[i].Jobs; jobs != nil {
			fmt.Fprintf(&b, "jobs of %s: %s\n", s.Groups[i].Name, jobs.line())
		}
	}
	return b.String()
}

func (r *JobsReport) line() string {
	text := fmt.Sprintf("%d queued, %d delayed, %d held by workers, %d in quarantine, %d done", r.Queued, r.Delayed, r.Held, r.Quarantined, r.Done)
	switch {
	case r.Draining:
		return text + ", draining"
	case r.Paused:
		return text + ", paused"
	}
	return text
}

func (m *MasterStatus) row(w *tabwriter.Writer) {
	u := m.Usage
	fmt.Fprintf(w, "master\tready\t%d\t%v\t%s\t%s\t%s\t%d\t%d\t\t\t\t\n", m.OSPID, rounded(u.Up),
		percent(m.CPU), mebibytes(u.Memory), mebibytes(u.Heap), u.Goroutines, u.Waiting)
}

func (g *GroupStatus) rows(w *tabwriter.Writer) {
	if g.Err != "" || len(g.Workers) == 0 {
		fmt.Fprintf(w, "group %s\t%v\t\t\t\t\t\t\t\t\t\t%d\t%s\n", g.Name, g.State, g.Restarts, firstLine(g.Err, g.LastReason))
	}
	for i := range g.Workers {
		g.Workers[i].row(w)
	}
}

func (s *WorkerStatus) row(w *tabwriter.Writer) {
	name, u := s.Worker, s.Usage
	if name == "" {
		name = s.Slot
	}
	if u.Told == 0 { // nothing is known of what it does
		fmt.Fprintf(w, "%s\t%v\t%s\t%v\t\t\t\t\t\t\t\t%d\t%s\n", name, s.State, ospid(s.OSPID), rounded(s.Uptime), s.Restarts, firstLine(s.LastReason))
		return
	}
	fmt.Fprintf(w, "%s\t%v\t%s\t%v\t%s\t%s\t%s\t%d\t%d\t%.0f\t%.0f\t%d\t%s\n", name, s.State, ospid(s.OSPID), rounded(s.Uptime),
		percent(s.Rates.CPU), mebibytes(u.Memory), mebibytes(u.Heap), u.Goroutines, u.Waiting,
		s.Rates.In, s.Rates.Out, s.Restarts, firstLine(s.LastReason))
}

func ospid(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprint(n)
}

func rounded(d time.Duration) time.Duration {
	if d < time.Second {
		return d.Round(time.Millisecond)
	}
	return d.Round(time.Second)
}

func percent(share float64) string { return fmt.Sprintf("%.1f%%", 100*share) }

func mebibytes(n int64) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
}

// firstLine is the first line of the first text that is not empty, without what
// would break the table.
func firstLine(texts ...string) string {
	for _, text := range texts {
		if text = strings.TrimSpace(text); text == "" {
			continue
		}
		line, _, more := strings.Cut(text, "\n")
		if more {
			line += " …"
		}
		return strings.Map(printable, atMost(line, 200))
	}
	return ""
}

func printable(r rune) rune {
	if r < ' ' || r == 0x7f {
		return ' '
	}
	return r
}
