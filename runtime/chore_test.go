package runtime_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	goruntime "runtime"
	"strings"
	"testing"
	"time"

	troupe "github.com/seed-4314ae1d/troupe/runtime"
)

// chore is what the function of these tests is asked to do.
type chore struct {
	Do    string
	N     int
	Text  string
	Begun string // a file to make when it is begun
}

type chored struct {
	N           int
	Text        string
	OSPID       int
	Job         troupe.Job
	AsJob       bool
	HasDeadline bool
}

func init() { troupe.RegisterMessages(new(chore)) }

var errChore = errors.New("chore failed")

// chores is a function that does as it is told.
var chores = troupe.RegisterFunc("chores", func(ctx context.Context, in *chore) (*chored, error) {
	job, asJob := troupe.JobFrom(ctx)
	_, hasDeadline := ctx.Deadline()
	if in.Begun != "" {
		if err := os.WriteFile(in.Begun, nil, 0o600); err != nil {
			return nil, err
		}
	}
	switch in.Do {
	case "fail":
		return nil, fmt.Errorf("%w: %s", errChore, in.Text)
	case "fail until":
		if job.Attempt < in.N {
			return nil, &typedError{job.Attempt}
		}
	case "typed":
		return nil, &typedError{in.N}
	case "retry in":
		if job.Attempt < 2 {
			return nil, troupe.RetryIn(time.Duration(in.N), errChore)
		}
	case "quarantine":
		return nil, troupe.Quarantine(errChore)
	case "panic":
		panic(in.Text)
	case "die":
		dieBy(in.Text)
	case "die once":
		if !job.Redelivered {
			dieBy(in.Text)
		}
	case "wait":
		<-ctx.Done()
		return nil, ctx.Err()
	case "stop once":
		if !job.Redelivered {
			dieBy("SIGSTOP")
			select {} // it was continued, to dump its stacks
		}
	case "hang once":
		if !job.Redelivered {
			<-ctx.Done() // it ends with the worker
		}
	case "take":
		timer := time.NewTimer(time.Duration(in.N))
		defer timer.Stop()
		<-timer.C
	case "large":
		return &chored{Text: strings.Repeat("x", in.N)}, nil
	case "nil":
		return nil, nil
	case "exit goroutine":
		goruntime.Goexit()
	}
	return &chored{N: in.N, OSPID: os.Getpid(), Job: job, AsJob: asJob, HasDeadline: hasDeadline}, nil
})

// choreGroup is a cluster of workers that do chores.
func choreGroup(size int) troupe.Config {
	return troupe.Config{Groups: []troupe.Group{{Kind: chores.Kind, Size: size, Procs: 1}}}
}

// begunFile is what a chore makes that has begun.
func begunFile(t *testing.T) string { return filepath.Join(t.TempDir(), "begun") }

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func within(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

func jobsReport(t testing.TB, c *troupe.Cluster) troupe.JobsReport {
	t.Helper()
	r, err := c.Jobs("chores").Report(within(t))
	if err != nil {
		t.Fatal(err)
	}
	return *r
}
