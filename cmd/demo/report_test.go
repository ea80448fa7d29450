package main

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

func TestThousands(t *testing.T) {
	for n, want := range map[int]string{
		0: "0", 7: "7", 999: "999", 1000: "1,000", 7711: "7,711", 4775875: "4,775,875", 100000: "100,000", -1234: "-1,234",
	} {
		if got := thousands(n); got != want {
			t.Errorf("thousands(%d) = %s, want %s", n, got, want)
		}
	}
}

func TestPlural(t *testing.T) {
	for want, got := range map[string]string{
		"0 batches": plural(0, "batch"), "1 batch": plural(1, "batch"), "2 batches": plural(2, "batch"),
		"1,000 files": plural(1000, "file"), "4 worker processes": plural(4, "worker process"),
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestMegabytes(t *testing.T) {
	for n, want := range map[int]string{90363980: "90 MB", 1500000: "2 MB", 70000: "70 kB", 12: "12 bytes", 1: "1 byte"} {
		if got := megabytes(n); got != want {
			t.Errorf("megabytes(%d) = %s, want %s", n, got, want)
		}
	}
}

func TestTopNamesBreaksTiesByName(t *testing.T) {
	got := topNames(Tally{"b": 2, "a": 2, "c": 3, "d": 1}, 3)
	if want := []Name{{"c", 3}, {"a", 2}, {"b", 2}}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if got := topNames(Tally{"a": 1}, 5); len(got) != 1 {
		t.Errorf("got %v", got)
	}
	if got := topNames(Tally{"a": 1}, 0); got == nil || len(got) != 0 {
		t.Errorf("got %#v, want none that is not nil", got)
	}
}

func TestTopNamesOfMany(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		tally := make(Tally)
		for i := range r.IntN(300) {
			tally[strconv.Itoa(i)] = 1 + r.IntN(20)
		}
		n := 1 + r.IntN(40)
		var all []Name
		for name, count := range tally {
			all = append(all, Name{name, count})
		}
		slices.SortFunc(all, byCount)
		if got, want := topNames(tally, n), all[:min(n, len(all))]; !slices.Equal(got, want) {
			t.Fatalf("the %d of %d: got %v\nwant %v", n, len(tally), got, want)
		}
	}
}

func TestADeathIsOneLineInColumns(t *testing.T) {
	d := death{who: worker{group, 2, 1}, pid: 41207, how: "fatal error: concurrent map writes", again: 1, replacement: 2, ready: 12 * time.Millisecond}
	want := "  counter/2#1 (pid 41207)  fatal error: concurrent map writes  → #2 ready in 12 ms, 1 batch again"
	if got := d.String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestADeathInTheWebCostsNoBatch(t *testing.T) {
	d := death{who: worker{webGroup, 3, 1}, pid: 41207, how: "SIGKILL", replacement: 2, ready: 40 * time.Millisecond}
	want := "  web/3#1 (pid 41207)      SIGKILL                             → #2 ready in 40 ms"
	if got := d.String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestReportAsText(t *testing.T) {
	r := Report{Workers: 4, Restarts: 4, elapsed: time.Second}
	r.count(&Result{Files: 2, Bytes: 9, Names: Tally{"err": 1200, "x": 1}}, 5)
	var out strings.Builder
	r.writeText(&out)
	want := "\n  err 1,200   x 1\n1,201 identifiers, 2 distinct: 4 workers died, 0 files lost, 0 counted twice\n"
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", out.String(), want)
	}
}

func TestReportAsJSONHasEveryKeyOnce(t *testing.T) {
	r := Report{Workers: 2, Kills: 1, Restarts: 1, Retries: 1, elapsed: 1500 * time.Millisecond}
	r.count(&Result{Files: 1, Bytes: 9, Names: Tally{"a": 2}}, 1)
	var out strings.Builder
	if err := r.writeJSON(&out); err != nil {
		t.Fatal(err)
	}
	want := `{"files":1,"bytes":9,"identifiers":2,"distinct":1,"workers":2,"kills":1,"restarts":1,"retries":1,` +
		`"elapsed_ms":1500,"top":[{"name":"a","count":2}]}` + "\n"
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", out.String(), want)
	}
}

func TestDifferencesNameEachNumber(t *testing.T) {
	one := &Result{Files: 2, Bytes: 10, Names: Tally{"a": 2, "b": 1}}
	if lines := differences(one, one); len(lines) > 0 {
		t.Errorf("a result differs from itself: %v", lines)
	}
	other := &Result{Files: 3, Bytes: 10, Names: Tally{"a": 3, "c": 1}, Failed: []FileError{{}}}
	want := []string{
		"files: 2, in one process 3",
		"files not readable: 0, in one process 1",
		"identifiers: 3, in one process 4",
		"identifier a: 2, in one process 3",
		"identifier b: 1, in one process 0",
		"identifier c: 0, in one process 1",
	}
	if got := differences(one, other); !slices.Equal(got, want) {
		t.Errorf("got %q\nwant %q", got, want)
	}
}

func TestErrorsListAFewLinesAndCountTheRest(t *testing.T) {
	err := newUnreadError(slices.Repeat([]FileError{{"x", "open x: permission denied"}}, 12))
	text := err.Error()
	if !strings.HasPrefix(text, "12 paths could not be read") || !strings.HasSuffix(text, "and 2 more") {
		t.Errorf("got %q", text)
	}
	if newUnreadError(nil) != nil {
		t.Error("no failed file is no error")
	}
}
