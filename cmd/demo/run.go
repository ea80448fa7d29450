package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	goruntime "runtime"
	"time"
)

// Exit codes.
const (
	exitDone        = 0
	exitFailed      = 1
	exitUsage       = 2
	exitInterrupted = 130
)

// run is the demo but for its signals: it returns the exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	o, err := parse(args)
	var help errHelp
	switch {
	case errors.As(err, &help):
		fmt.Fprint(stdout, help.usage)
		return exitDone
	case err != nil:
		fmt.Fprintf(stderr, "demo: %v\nrun demo -h for the flags\n", err)
		return exitUsage
	}
	j := &job{options: o, stdout: stdout, stderr: stderr}
	err = j.run(ctx)
	var unread *unreadError
	switch {
	case err == nil:
		return exitDone
	case ctx.Err() != nil && !errors.As(err, &unread):
		fmt.Fprintln(stderr, "demo: interrupted")
		return exitInterrupted
	}
	fmt.Fprintf(stderr, "demo: %v\n", err)
	return exitFailed
}

// A job is one count from start to end.
type job struct {
	options
	stdout, stderr io.Writer
	listing        *Listing
	screen         *screen
	report         Report
	port           *heldPort // of -serve; nil: none
}

func (j *job) run(ctx context.Context) error {
	if err := j.list(); err != nil {
		return err
	}
	out := j.stdout
	if j.json {
		out = nil
	}
	j.greet(out)
	j.screen = newScreen(out, len(j.listing.Files))
	if j.workers > 0 {
		return j.runCluster(ctx)
	}
	return j.runHere(ctx)
}

func (j *job) runHere(ctx context.Context) error {
	start := time.Now()
	sum, err := j.countOnce(ctx, j.screen.Advance)
	if err != nil {
		j.screen.Abandon()
		return err
	}
	j.report.elapsed = time.Since(start)
	return errors.Join(j.conclude(ctx, sum), j.unread(sum))
}

// conclude reports a count, and proves it.
func (j *job) conclude(ctx context.Context, sum *Result) error {
	j.screen.Finish(j.report.elapsed)
	j.report.count(sum, j.top)
	if j.json {
		if err := j.report.writeJSON(j.stdout); err != nil {
			return err
		}
	} else {
		j.report.writeText(j.stdout)
	}
	return j.prove(ctx, sum)
}

func (j *job) list() (err error) {
	if j.dir == "" {
		if j.dir, err = goSource(); err != nil {
			return err
		}
	}
	if j.listing, err = list(j.dir); err != nil {
		return err
	}
	if len(j.listing.Files) == 0 && len(j.listing.Failed) == 0 {
		return fmt.Errorf("there is no .go file under %s", j.listing.Root)
	}
	return nil
}

func (j *job) greet(out io.Writer) {
	if out == nil {
		return
	}
	hands := fmt.Sprintf("%s in this process", plural(goruntime.GOMAXPROCS(0), "goroutine"))
	if j.workers > 0 {
		hands = plural(j.workers, "worker process")
	}
	fmt.Fprintf(out, "Counting Go identifiers in %s with %s\n", j.dir, hands)
	fmt.Fprintf(out, "%s, %s.", plural(len(j.listing.Files), "file"), megabytes(j.listing.Bytes))
	if j.kills > 0 {
		fmt.Fprint(out, " Meanwhile workers are killed in ways that Go cannot recover from.")
	}
	fmt.Fprint(out, "\n\n")
}

func (j *job) countOnce(ctx context.Context, done func(files int)) (*Result, error) {
	goroutines := goruntime.GOMAXPROCS(0)
	return countHere(ctx, cut(j.listing, batchSize(j.listing.Bytes, goroutines)), goroutines, done)
}

// prove counts again in this process and compares every number.
func (j *job) prove(ctx context.Context, sum *Result) error {
	if !j.verify {
		return nil
	}
	again, err := j.countOnce(ctx, func(int) {})
	if err != nil {
		return err
	}
	if lines := differences(sum, again); len(lines) > 0 {
		return &mismatchError{lines}
	}
	if !j.json {
		fmt.Fprintln(j.stdout, "verified: the same count in one process is identical")
	}
	return nil
}

// unread reports the files and directories that could not be read.
func (j *job) unread(sum *Result) error {
	return newUnreadError(append(j.listing.Failed, sum.Failed...))
}
