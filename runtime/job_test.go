package runtime_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	troupe "github.com/seed-4314ae1d/troupe/runtime"
)

func TestJobIsDoneAndAnswered(t *testing.T) {
	c := start(t, choreGroup(2))
	ctx := within(t)
	got, err := chores.Submit(ctx, c, &chore{N: 7})
	if err != nil || got.N != 7 || !got.AsJob || got.Job.Attempt != 1 || got.Job.Redelivered || got.Job.ID == "" {
		t.Fatalf("got %+v, %v", got, err)
	}
	if called, err := chores.Call(ctx, c, &chore{N: 8}); err != nil || called.AsJob {
		t.Errorf("a call: %+v, %v", called, err)
	}
	if s := c.Stats(); s.Watches != 0 || s.PendingCalls != 0 || len(s.DeadLetters) != 0 {
		t.Errorf("left: %+v", s)
	}
	r := jobsReport(t, c)
	if r.Submitted != 1 || r.Done != 1 || r.Attempts != 1 || r.Held != 0 || r.Workers != 2 || r.Remembered != 1 {
		t.Errorf("report: %+v", r)
	}
}

func TestJobErrors(t *testing.T) {
	c := start(t, choreGroup(1))
	ctx := within(t)
	var failed *troupe.JobFailedError
	_, err := chores.Submit(ctx, c, &chore{Do: "fail", Text: "so"})
	if !errors.As(err, &failed) || failed.Attempts != 3 || !strings.Contains(err.Error(), "chore failed: so") {
		t.Errorf("plain: %v", err)
	}
	var typed *typedError
	if _, err := chores.Submit(ctx, c, &chore{Do: "typed", N: 5}); !errors.As(err, &typed) || typed.Code != 5 {
		t.Errorf("typed: %v", err)
	}
	var panicked *troupe.PanicError
	if _, err := chores.Submit(ctx, c, &chore{Do: "panic", Text: "oh"}); !errors.As(err, &panicked) || panicked.Value != "oh" {
		t.Errorf("panic: %v", err)
	}
	if _, err := chores.Submit(ctx, c, &chore{Do: "exit goroutine"}); !errors.As(err, &failed) || !strings.Contains(err.Error(), "Goexit") {
		t.Errorf("goexit: %v", err)
	}
	if _, err := chores.Call(ctx, c, &chore{Do: "exit goroutine"}); err == nil || !strings.Contains(err.Error(), "Goexit") {
		t.Errorf("goexit of a call: %v", err)
	}
	if got, err := chores.Submit(ctx, c, &chore{Do: "fail until", N: 3}); err != nil || got.Job.Attempt != 3 {
		t.Errorf("third attempt: %+v, %v", got, err)
	}
	begun := time.Now()
	got, err := chores.Submit(ctx, c, &chore{Do: "retry in", N: int(100 * time.Millisecond)})
	if err != nil || got.Job.Attempt != 2 || time.Since(begun) < 100*time.Millisecond {
		t.Errorf("retry in: %+v, %v after %v", got, err, time.Since(begun))
	}
	_, err = chores.SubmitJob(ctx, c, &chore{Do: "wait"}, troupe.JobOptions{Deadline: time.Now().Add(50 * time.Millisecond)})
	if !errors.As(err, &failed) || !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, troupe.ErrNotSent) {
		t.Errorf("deadline: %v", err)
	}
	_, err = chores.SubmitJob(ctx, c, &chore{}, troupe.JobOptions{Deadline: time.Now().Add(-time.Second)})
	if !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, troupe.ErrNotSent) {
		t.Errorf("late already: %v", err)
	}
}

func TestVerdictsOfCallsAreTheirErrors(t *testing.T) {
	c := start(t, choreGroup(1))
	var call *troupe.CallError
	if _, err := chores.Call(within(t), c, &chore{Do: "quarantine"}); !errors.As(err, &call) || call.Text != errChore.Error() {
		t.Errorf("got %v", err)
	}
}

func TestQuarantineIsAdministered(t *testing.T) {
	c := start(t, choreGroup(1))
	ctx, queue := within(t), c.Jobs("chores")
	seen := subscribe(c)
	var quarantined *troupe.JobQuarantinedError
	_, err := chores.SubmitJob(ctx, c, &chore{Do: "quarantine"}, troupe.JobOptions{ID: "q"})
	if !errors.As(err, &quarantined) || len(quarantined.Reasons) != 1 || !strings.Contains(err.Error(), "chore failed") {
		t.Fatalf("got %v", err)
	}
	list, err := queue.Quarantine(ctx, 0, 0)
	if err != nil || list.Total != 1 || list.Jobs[0].ID != "q" || !strings.Contains(list.Jobs[0].Reasons[0], "chore failed") {
		t.Errorf("list: %+v, %v", list, err)
	}
	info, err := queue.Inspect(ctx, "q")
	if err != nil || info.State != "quarantined" || len(info.Input.Bytes) == 0 {
		t.Errorf("inspect: %+v, %v", info, err)
	}
	if err := queue.Retry(ctx, "q"); err != nil {
		t.Errorf("retry: %v", err)
	}
	eventually(t, "it to be in quarantine again", func() bool { return jobsReport(t, c).EverQuarantined == 2 })
	if err := queue.Discard(ctx, "q"); err != nil {
		t.Errorf("discard: %v", err)
	}
	if err := queue.Retry(ctx, "q"); !errors.Is(err, troupe.ErrNoJob) {
		t.Errorf("retry of none: %v", err)
	}
	eventually(t, "both events", func() bool { return len(of[*troupe.JobQuarantined](seen)) == 2 })
}

// J4: a job whose worker dies is given out again, and marked.
func TestJ4DeathBeforeAckRedelivers(t *testing.T) {
	c := start(t, choreGroup(2))
	for _, how := range []string{"SIGKILL", "exit 0", "exit 7", "SIGSEGV", "garbage"} {
		got, err := chores.Submit(within(t), c, &chore{Do: "die once", Text: how})
		if err != nil || !got.Job.Redelivered || got.Job.Attempt != 2 {
			t.Errorf("%s: %+v, %v", how, got, err)
		}
	}
	if r := jobsReport(t, c); r.Lost != 5 || r.Quarantined != 0 {
		t.Errorf("report: %+v", r)
	}
}

// J5: a job that kills its worker each time is quarantined with the reasons; the
// others flow on, and the deaths of workers that have worked are on its account.
func TestJ5PoisonIsQuarantinedWithReasons(t *testing.T) {
	cfg := choreGroup(2)
	cfg.Groups[0].Intensity = troupe.Intensity{MaxRestarts: 3, Period: time.Hour}
	c := start(t, cfg)
	ctx := within(t)
	poison := make(chan error, 1)
	go func() {
		_, err := chores.SubmitJob(ctx, c, &chore{Do: "die", Text: "SIGKILL"}, troupe.JobOptions{ID: "poison"})
		poison <- err
	}()
	for n := range 200 {
		if got, err := chores.Submit(ctx, c, &chore{N: n}); err != nil || got.N != n {
			t.Fatalf("job %d: %+v, %v", n, got, err)
		}
	}
	var quarantined *troupe.JobQuarantinedError
	if err := <-poison; !errors.As(err, &quarantined) || len(quarantined.Reasons) != 3 {
		t.Fatalf("poison: %v", err)
	}
	for _, reason := range quarantined.Reasons {
		var exit *troupe.ExitError
		if !errors.As(reason.Err, &exit) || exit.Signal != "SIGKILL" {
			t.Errorf("reason: %v", reason)
		}
	}
}

// Deaths with a job in hand do not count toward the group's intensity, and are
// followed by a new life at once.
func TestDeathsOnTheAccountOfJobs(t *testing.T) {
	cfg := choreGroup(1)
	cfg.Groups[0].Intensity = troupe.Intensity{MaxRestarts: 1, Period: time.Hour}
	cfg.Groups[0].Backoff = troupe.Backoff{First: time.Hour, Min: time.Hour, Max: time.Hour}
	c := start(t, cfg)
	ctx := within(t)
	for n := range 5 {
		if _, err := chores.Submit(ctx, c, &chore{N: n}); err != nil {
			t.Fatal(err)
		}
		if _, err := chores.Submit(ctx, c, &chore{Do: "die once", Text: "SIGKILL"}); err != nil {
			t.Fatal(err)
		}
	}
	group, err := troupe.WhichChildren(ctx, c.Supervisor("master/chores"))
	if err != nil || group.RestartsLeft != 1 || group.Children[0].Restarts != 5 {
		t.Errorf("group: %+v, %v", group, err)
	}
}

func TestDuplicatesRunOnce(t *testing.T) {
	c := start(t, choreGroup(2))
	ctx := within(t)
	results := make(chan *chored, 8)
	for range cap(results) {
		go func() {
			got, err := chores.SubmitJob(ctx, c, &chore{Do: "take", N: int(50 * time.Millisecond)}, troupe.JobOptions{ID: "same"})
			if err != nil {
				t.Error(err)
			}
			results <- got
		}()
	}
	first := <-results
	for range cap(results) - 1 {
		if got := <-results; *got != *first {
			t.Errorf("got %+v and %+v", got, first)
		}
	}
	if r := jobsReport(t, c); r.Attempts != 1 || r.Submitted != 1 {
		t.Errorf("report: %+v", r)
	}
}

func TestPauseResumeDrain(t *testing.T) {
	c := start(t, choreGroup(1))
	ctx, queue := within(t), c.Jobs("chores")
	if err := queue.Pause(ctx); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() {
		_, err := chores.Submit(ctx, c, &chore{})
		done <- err
	}()
	eventually(t, "the job to be queued", func() bool { return jobsReport(t, c).Queued == 1 })
	drained := make(chan error, 1)
	go func() { drained <- queue.Drain(ctx) }()
	if err := <-done; err != nil {
		t.Errorf("the job: %v", err)
	}
	if err := <-drained; err != nil {
		t.Errorf("drain: %v", err)
	}
	var refused *troupe.JobRefusedError
	if _, err := chores.Submit(ctx, c, &chore{}); !errors.As(err, &refused) || !errors.Is(err, troupe.ErrDraining) {
		t.Errorf("submitted while drained: %v", err)
	}
	if err := queue.Resume(ctx); err != nil {
		t.Error(err)
	}
	if _, err := chores.Submit(ctx, c, &chore{}); err != nil {
		t.Errorf("resumed: %v", err)
	}
}

func TestQueueIsBounded(t *testing.T) {
	cfg := choreGroup(1)
	cfg.Groups[0].Jobs = troupe.JobLimits{Queue: 3}
	c := start(t, cfg)
	ctx := within(t)
	if err := c.Jobs("chores").Pause(ctx); err != nil {
		t.Fatal(err)
	}
	outcomes := make(chan error, 3)
	for range 3 {
		go func() {
			_, err := chores.Submit(ctx, c, &chore{})
			outcomes <- err
		}()
	}
	eventually(t, "three to be queued", func() bool { return jobsReport(t, c).Queued == 3 })
	var refused *troupe.JobRefusedError
	if _, err := chores.Submit(ctx, c, &chore{}); !errors.As(err, &refused) || !errors.Is(err, troupe.ErrOverflow) {
		t.Errorf("the fourth: %v", err)
	}
	if err := c.Jobs("chores").Resume(ctx); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if err := <-outcomes; err != nil {
			t.Error(err)
		}
	}
}

func TestMapKeepsOrder(t *testing.T) {
	c := start(t, choreGroup(2))
	inputs := func(yield func(*chore) bool) {
		for n := range 100 {
			in := &chore{N: n}
			if n%10 == 3 {
				in = &chore{Do: "typed", N: n}
			}
			if !yield(in) {
				return
			}
		}
	}
	n := 0
	for out, err := range chores.Map(within(t), c, inputs, 8) {
		var typed *typedError
		if n%10 == 3 {
			if !errors.As(err, &typed) || typed.Code != n {
				t.Errorf("%d: %v", n, err)
			}
		} else if err != nil || out.N != n {
			t.Errorf("%d: %+v, %v", n, out, err)
		}
		n++
	}
	if n != 100 {
		t.Errorf("%d outcomes", n)
	}
	for out, err := range chores.Map(within(t), c, inputs, 8) {
		if err != nil || out.N != 0 {
			t.Errorf("%+v, %v", out, err)
		}
		break
	}
}
