package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
)

// here runs the demo in this process, without workers.
func here(t *testing.T, ctx context.Context, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs strings.Builder
	code = run(ctx, args, &out, &errs)
	return code, out.String(), errs.String()
}

func TestRunCountsInThisProcess(t *testing.T) {
	root := smallTree(t, 30)
	code, stdout, stderr := here(t, t.Context(), "-workers", "0", "-top", "2", root)
	if code != exitDone || stderr != "" {
		t.Fatalf("exit %d, stderr %q", code, stderr)
	}
	for _, want := range []string{
		"Counting Go identifiers in " + root, "30 files, ", "  30/30 files   ",
		"  common 60   f 30\n", "150 identifiers, 33 distinct\n", "verified: ",
	} {
		if !strings.Contains(stdout, want) {
			t.Errorf("the output lacks %q:\n%s", want, stdout)
		}
	}
	if strings.ContainsAny(stdout, "█\r\x1b") {
		t.Errorf("a bar where there is no terminal:\n%q", stdout)
	}
}

func TestRunPrintsOneObjectAndNothingElse(t *testing.T) {
	code, stdout, stderr := here(t, t.Context(), "-workers=0", "-json", "-top=1", smallTree(t, 3))
	if code != exitDone || stderr != "" {
		t.Fatalf("exit %d, stderr %q", code, stderr)
	}
	if got := decodeReport(t, stdout); got.Files != 3 || got.Identifiers != 15 || got.Distinct != 6 || len(got.Top) != 1 {
		t.Errorf("got %+v", got)
	}
}

func TestRunExitCodes(t *testing.T) {
	root := smallTree(t, 1)
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	for _, tt := range []struct {
		name string
		ctx  context.Context
		args []string
		want int
		says string // on stderr
	}{
		{"help", t.Context(), []string{"-h"}, exitDone, ""},
		{"bad flag", t.Context(), []string{"-nope"}, exitUsage, "run demo -h"},
		{"no such directory", t.Context(), []string{"-workers=0", root + "/gone"}, exitFailed, "gone"},
		{"nothing to count", t.Context(), []string{"-workers=0", t.TempDir()}, exitFailed, "there is no .go file"},
		{"interrupted", cancelled, []string{"-workers=0", root}, exitInterrupted, "interrupted"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			code, _, stderr := here(t, tt.ctx, tt.args...)
			if code != tt.want || !strings.Contains(stderr, tt.says) || (tt.says == "") != (stderr == "") {
				t.Errorf("exit %d, stderr %q, want %d and %q", code, stderr, tt.want, tt.says)
			}
		})
	}
}

func TestProveFailsOnOneWrongNumber(t *testing.T) {
	l, err := list(smallTree(t, 3))
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	j := &job{options: options{verify: true}, listing: l, stdout: &out}
	sum, err := j.countOnce(t.Context(), func(int) {})
	if err != nil {
		t.Fatal(err)
	}
	if err := j.prove(t.Context(), sum); err != nil || !strings.Contains(out.String(), "verified") {
		t.Errorf("prove = %v, said %q", err, out.String())
	}
	sum.Names["common"]++
	var mismatch *mismatchError
	err = j.prove(t.Context(), sum)
	if !errors.As(err, &mismatch) || !strings.Contains(err.Error(), "identifier common: 7, in one process 6") {
		t.Errorf("prove = %v", err)
	}
}

func TestAFileThatCannotBeReadIsAFailure(t *testing.T) {
	l, err := list(smallTree(t, 3))
	if err != nil {
		t.Fatal(err)
	}
	l.Files = append(l.Files, File{Name: "gone.go"})
	j := &job{listing: l}
	sum, err := j.countOnce(t.Context(), func(int) {})
	if err != nil {
		t.Fatal(err)
	}
	if err := j.unread(sum); err == nil || !strings.Contains(err.Error(), "gone.go") || sum.Files != 3 {
		t.Errorf("unread = %v after %d files", err, sum.Files)
	}
}

// smallTree has n files, of five identifiers each: package and name of its own,
// f, and common twice.
func smallTree(t *testing.T, n int) (root string) {
	t.Helper()
	files := make(map[string]string)
	for i := range n {
		files[fmt.Sprintf("d%d/f%d.go", i%7, i)] = fmt.Sprintf("package p\n\nfunc f() { n%d := common + common }\n", i)
	}
	return writeTree(t, files)
}

func decodeReport(t *testing.T, stdout string) Report {
	t.Helper()
	var r Report
	d := json.NewDecoder(strings.NewReader(stdout))
	d.DisallowUnknownFields()
	if err := d.Decode(&r); err != nil {
		t.Fatalf("%v in %q", err, stdout)
	}
	if d.More() || strings.Count(stdout, "\n") != 1 {
		t.Fatalf("more than one object on stdout: %q", stdout)
	}
	return r
}
