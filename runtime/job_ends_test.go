package runtime_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	troupe "github.com/seed-4314ae1d/troupe/runtime"
)

// A worker that drains finishes the job it has, and no other is given to it.
func TestK3DrainingWorkerFinishesItsJob(t *testing.T) {
	c := start(t, choreGroup(1))
	ctx := within(t)
	if _, err := chores.Submit(ctx, c, &chore{}); err != nil { // it is there
		t.Fatal(err)
	}
	begun, outcomes := begunFile(t), make(chan *chored, 5)
	for n := range cap(outcomes) {
		go func() {
			got, err := chores.SubmitJob(ctx, c, &chore{Do: "take", N: int(200 * time.Millisecond), Begun: begun}, troupe.JobOptions{Priority: -n})
			if err != nil {
				t.Error(err)
			}
			outcomes <- got
		}()
	}
	eventually(t, "one to be begun", func() bool { r := jobsReport(t, c); return exists(begun) && r.Held == 1 && r.Queued == 4 })
	if _, err := troupe.RecycleChild(ctx, c.Supervisor("master/chores"), "chores/1"); err != nil {
		t.Fatal(err)
	}
	pids := make(map[int]int)
	for range cap(outcomes) {
		got := <-outcomes
		pids[got.OSPID]++
		if got.Job.Redelivered || got.Job.Attempt != 1 {
			t.Errorf("done twice: %+v", got)
		}
	}
	if len(pids) != 2 {
		t.Errorf("done by %v", pids)
	}
	if s := c.Stats(); len(s.DeadLetters) != 0 {
		t.Errorf("dead letters: %v", s.DeadLetters)
	}
}

// A job whose worker is killed since it did not drain in time is given out again,
// and not blamed.
func TestK3OverdueJobIsNotBlamed(t *testing.T) {
	cfg := choreGroup(1)
	cfg.Groups[0].DrainTimeout, cfg.Groups[0].TerminateTimeout = 50*time.Millisecond, 50*time.Millisecond
	cfg.Groups[0].Jobs.Deaths = 1
	c := start(t, cfg)
	ctx := within(t)
	begun, outcome := begunFile(t), make(chan *chored, 1)
	go func() {
		got, err := chores.Submit(ctx, c, &chore{Do: "hang once", Begun: begun})
		if err != nil {
			t.Error(err)
		}
		outcome <- got
	}()
	eventually(t, "it to be begun", func() bool { return exists(begun) })
	if _, err := troupe.RecycleChild(ctx, c.Supervisor("master/chores"), "chores/1"); err != nil {
		t.Fatal(err)
	}
	if got := <-outcome; got == nil || !got.Job.Redelivered || got.Job.Attempt != 2 {
		t.Errorf("got %+v", got)
	}
}

// A worker that is stopped keeps its job; the others go on with theirs, and when
// it is killed for it, the job is theirs.
func TestL1StoppedWorkerLosesItsJob(t *testing.T) {
	cfg := choreGroup(2)
	cfg.Groups[0].Heartbeat, cfg.Groups[0].HangAfter, cfg.Groups[0].DumpGrace = 100*time.Millisecond, time.Second, 100*time.Millisecond
	c := start(t, cfg)
	ctx := within(t)
	stopped := make(chan *chored, 1)
	go func() {
		got, err := chores.Submit(ctx, c, &chore{Do: "stop once"})
		if err != nil {
			t.Error(err)
		}
		stopped <- got
	}()
	for n := range 50 {
		if _, err := chores.Submit(ctx, c, &chore{N: n}); err != nil {
			t.Error(err)
		}
	}
	if got := <-stopped; got == nil || !got.Job.Redelivered {
		t.Errorf("got %+v", got)
	}
}

// Whoever stops the queue costs those who wait an error; the next one takes the
// workers that there are.
func TestQueueThatIsStoppedIsReplaced(t *testing.T) {
	cfg := choreGroup(2)
	cfg.Intensity = troupe.Intensity{MaxRestarts: 5, Period: time.Minute}
	c := start(t, cfg)
	ctx, queue := within(t), c.Jobs("chores")
	begun := make(chan error, 2)
	for range 2 {
		go func() {
			_, err := chores.Submit(ctx, c, &chore{Do: "take", N: int(3 * time.Second)})
			begun <- err
		}()
	}
	eventually(t, "two to be held", func() bool { return jobsReport(t, c).Held == 2 })
	waits := make(chan error, 1)
	go func() {
		_, err := chores.Submit(ctx, c, &chore{})
		waits <- err
	}()
	eventually(t, "one to wait", func() bool { return jobsReport(t, c).Queued == 1 })
	c.System().Root.Stop(queue.Ref().PID())
	for range 2 {
		if err := <-begun; !errors.Is(err, troupe.ErrMaybeDone) {
			t.Errorf("begun: %v", err)
		}
	}
	if err := <-waits; !errors.Is(err, troupe.ErrDraining) {
		t.Errorf("waits: %v", err)
	}
	eventually(t, "jobs to be done again", func() bool {
		_, err := chores.Submit(ctx, c, &chore{})
		return err == nil
	})
	eventually(t, "both workers to be known", func() bool { return jobsReport(t, c).Workers == 2 })
}

// From a worker: what a job's error is there too.
var submitters = troupe.RegisterFunc("submitters", func(ctx context.Context, in *chore) (*chored, error) {
	c := troupe.FromContext(ctx)
	got, err := chores.SubmitJob(ctx, c, in, troupe.JobOptions{ID: in.Text})
	var failed *troupe.JobFailedError
	var typed *typedError
	switch {
	case err == nil:
		return got, nil
	case errors.As(err, &failed) && errors.As(err, &typed):
		return &chored{N: -typed.Code, Job: troupe.Job{Attempt: failed.Attempts}}, nil
	}
	return nil, err
})

func TestJobsFromWorkers(t *testing.T) {
	cfg := choreGroup(1)
	cfg.Groups = append(cfg.Groups, troupe.Group{Kind: submitters.Kind})
	c := start(t, cfg)
	ctx := within(t)
	if got, err := submitters.Call(ctx, c, &chore{N: 4}); err != nil || got.N != 4 || !got.AsJob {
		t.Errorf("got %+v, %v", got, err)
	}
	if got, err := submitters.Call(ctx, c, &chore{Do: "typed", N: 6}); err != nil || got.N != -6 || got.Job.Attempt != 3 {
		t.Errorf("typed: %+v, %v", got, err)
	}
	var quarantined *troupe.JobQuarantinedError
	_, err := submitters.Call(ctx, c, &chore{Do: "die", Text: "SIGKILL"})
	if !errors.As(err, &quarantined) || len(quarantined.Reasons) != 3 || quarantined.ID != "SIGKILL" {
		t.Errorf("quarantined: %v", err)
	}
	var refused *troupe.JobRefusedError
	if _, err := submitters.Call(ctx, c, &chore{Text: strings.Repeat("x", 600)}); !errors.As(err, &refused) || !errors.Is(err, troupe.ErrBadJob) {
		t.Errorf("refused: %v", err)
	}
}

func TestMapEndsWithItsContext(t *testing.T) {
	c := start(t, choreGroup(1))
	ctx, cancel := context.WithCancel(within(t))
	defer cancel()
	forever := func(yield func(*chore) bool) {
		for yield(&chore{Do: "take", N: int(time.Millisecond)}) {
		}
	}
	var last error
	n := 0
	for _, err := range chores.Map(ctx, c, forever, 4) {
		last = err
		if n++; n == 5 {
			cancel()
		}
	}
	if !errors.Is(last, context.Canceled) || n > 16 {
		t.Errorf("%d outcomes, the last %v", n, last)
	}
}
