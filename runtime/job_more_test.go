package runtime_test

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/seed-4314ae1d/troupe/actors"
	troupe "github.com/seed-4314ae1d/troupe/runtime"
)

// An hour of waiting takes no time in a bubble.
func TestJobsWaitInVirtualTime(t *testing.T) {
	bubble(t, choreGroup(2), func(c *troupe.Cluster) {
		ctx, begun := context.Background(), time.Now()
		got, err := chores.Submit(ctx, c, &chore{Do: "retry in", N: int(time.Hour)})
		if err != nil || got.Job.Attempt != 2 || time.Since(begun) < time.Hour {
			t.Errorf("retry in an hour: %+v, %v after %v", got, err, time.Since(begun))
		}
		if err := c.Jobs("chores").Pause(ctx); err != nil {
			t.Fatal(err)
		}
		outcome := make(chan error, 1)
		go func() {
			_, err := chores.SubmitJob(ctx, c, &chore{}, troupe.JobOptions{Deadline: time.Now().Add(time.Hour)})
			outcome <- err
		}()
		time.Sleep(time.Hour - time.Second)
		synctest.Wait()
		if len(outcome) > 0 {
			t.Errorf("too early: %v", <-outcome)
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		var failed *troupe.JobFailedError
		if err := <-outcome; !errors.As(err, &failed) || failed.Attempts != 0 || !errors.Is(err, troupe.ErrNotSent) {
			t.Errorf("past its deadline: %v", err)
		}
	})
}

// A submitter that no longer waits leaves its job to be done.
func TestSubmitterThatGoesLeavesItsJob(t *testing.T) {
	c := start(t, choreGroup(1))
	if err := c.Jobs("chores").Pause(within(t)); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := chores.SubmitJob(ctx, c, &chore{N: 5}, troupe.JobOptions{ID: "left"}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	if err := c.Jobs("chores").Resume(within(t)); err != nil {
		t.Fatal(err)
	}
	got, err := chores.SubmitJob(within(t), c, &chore{N: 6}, troupe.JobOptions{ID: "left"})
	if err != nil || got.N != 5 || got.Job.Attempt != 1 {
		t.Errorf("asked for again: %+v, %v", got, err)
	}
}

// F10: an agent that is given nonsense says so, and goes on.
func TestF10AgentRefusesBadInput(t *testing.T) {
	c := start(t, choreGroup(1))
	agent := c.Ref(actor.NewPID("chores/1#1", actors.JobsAgentID))
	for _, m := range []*actors.HandJob{
		{},
		{ID: "a", Input: actors.Payload{Type: "nobody.Knows"}},
		{ID: "a", Attempt: math.MinInt, Input: actors.Payload{Type: strings.Repeat("x", 1<<16)}},
		{ID: "a", Input: actors.Payload{Type: "github.com/seed-4314ae1d/troupe/runtime_test.chore", Bytes: []byte("no CBOR")}},
		{ID: "a", Input: actors.Payload{Type: "github.com/seed-4314ae1d/troupe/runtime_test.numbered", Bytes: []byte{0xa0}}},
	} {
		if got := ask[*actors.JobFailed](t, agent, m); got.Verdict != actors.NeverRetryJob || len(got.Cause) == 0 {
			t.Errorf("%+v: %+v", m, got)
		}
		c.System().Root.Send(agent.PID(), m) // from nobody
	}
	if _, err := tryAsk[*actors.JobFailed](t, agent, &echo{"?"}); err == nil {
		t.Error("it takes what is for others")
	}
	for _, m := range []any{
		&actors.SubmitJob{ID: "a", Input: actors.Payload{Type: "nobody.Knows"}}, &actors.SubmitJob{}, &actors.RetryJob{},
		&actors.DiscardJob{}, &actors.InspectJob{}, &actors.ListQuarantine{Skip: -1},
	} {
		var refused *troupe.JobRefusedError
		if _, err := tryAsk[*troupe.JobsNoted](t, c.Jobs("chores").Ref(), m); !errors.As(err, &refused) {
			t.Errorf("%T: %v", m, err)
		}
	}
	if _, err := chores.Submit(within(t), c, &chore{}); err != nil {
		t.Error(err)
	}
	if _, err := chores.SubmitJob(within(t), c, &chore{}, troupe.JobOptions{Group: "nobody"}); !errors.Is(err, troupe.ErrNoActor) {
		t.Errorf("a group without a queue: %v", err)
	}
}

// A result that cannot be sent is an error of the job, and not the end of it.
func TestResultThatCannotBeSent(t *testing.T) {
	cfg := choreGroup(1)
	cfg.MaxMessage = 64 << 10
	c := start(t, cfg)
	var failed *troupe.JobFailedError
	_, err := chores.Submit(within(t), c, &chore{Do: "large", N: 1 << 20})
	if !errors.As(err, &failed) {
		t.Errorf("too large: %v", err)
	}
	if _, err := chores.Submit(within(t), c, &chore{Do: "nil"}); !errors.As(err, &failed) || failed.Attempts != 3 {
		t.Errorf("nil: %v", err)
	}
	var large *troupe.TooLargeError
	if _, err := chores.Submit(within(t), c, &chore{Text: strings.Repeat("x", 63<<10)}); err != nil {
		t.Errorf("nearly too large: %v", err)
	}
	if _, err := chores.Submit(within(t), c, &chore{Text: strings.Repeat("x", 1<<20)}); !errors.As(err, &failed) && !errors.As(err, &large) {
		t.Errorf("input too large: %v", err)
	}
	if r := jobsReport(t, c); r.Held+r.Queued+r.Delayed != 0 {
		t.Errorf("left: %+v", r)
	}
}

// More jobs than one at a time in a worker, and its death with several: each is
// done, and none is blamed for another.
func TestJ5DeathInCompany(t *testing.T) {
	cfg := choreGroup(2)
	cfg.Groups[0].JobsPerWorker, cfg.Groups[0].Jobs.Deaths = 4, 1
	c := start(t, cfg)
	ctx := within(t)
	if err := c.Jobs("chores").Pause(ctx); err != nil {
		t.Fatal(err)
	}
	outcomes := make(chan error, 8)
	for n := range cap(outcomes) {
		go func() {
			in := &chore{Do: "take", N: int(100 * time.Millisecond)}
			if n == 4 {
				in = &chore{Do: "die once", Text: "SIGKILL"}
			}
			_, err := chores.Submit(ctx, c, in)
			outcomes <- err
		}()
	}
	eventually(t, "all to be queued", func() bool { return jobsReport(t, c).Queued == cap(outcomes) })
	if err := c.Jobs("chores").Resume(ctx); err != nil {
		t.Fatal(err)
	}
	for range cap(outcomes) {
		if err := <-outcomes; err != nil {
			t.Error(err)
		}
	}
}

func TestBadLimitsOfJobsAreNamed(t *testing.T) {
	var bad *troupe.ConfigError
	_, err := troupe.Start(t.Context(), troupe.Config{Groups: []troupe.Group{
		{Kind: chores.Kind, JobsPerWorker: -1, Jobs: troupe.JobLimits{Queue: -1, Deaths: -1, Backoff: troupe.Backoff{Factor: 0.5}}},
		{Kind: puppets, JobsPerWorker: 2, Jobs: troupe.JobLimits{Queue: 1}},
	}})
	if !errors.As(err, &bad) {
		t.Fatal(err)
	}
	var fields []string
	for _, f := range bad.Fields {
		fields = append(fields, f.Field)
	}
	want := "Groups[0].JobsPerWorker Groups[0].Jobs.Queue Groups[0].Jobs.Deaths Groups[0].Jobs.Backoff.Factor Groups[1].JobsPerWorker Groups[1].Jobs"
	if got := strings.Join(fields, " "); got != want {
		t.Errorf("named %s", got)
	}
}

// What follows lifecycle events elsewhere gets those of jobs.
func TestJobEventsReachFollowers(t *testing.T) {
	c := start(t, choreGroup(1))
	got := make(chan *troupe.JobQuarantined, 1)
	follower := c.System().Root.Spawn(actor.PropsFromFunc(func(ctx actor.Context) {
		if m, ok := ctx.Message().(*troupe.LifecycleEvent); ok {
			if e, ok := m.Event.(*troupe.JobQuarantined); ok {
				got <- e
			}
		}
	}))
	ask[*troupe.Following](t, c.Events(), &troupe.FollowEvents{Follower: follower})
	_, err := chores.SubmitJob(within(t), c, &chore{Do: "quarantine"}, troupe.JobOptions{ID: "q"})
	var quarantined *troupe.JobQuarantinedError
	if !errors.As(err, &quarantined) {
		t.Fatal(err)
	}
	select {
	case e := <-got:
		if e.Group != "chores" || e.Err.ID != "q" || e.At.IsZero() {
			t.Errorf("event: %+v", e)
		}
	case <-time.After(patience):
		t.Error("no event")
	}
}

// A worker whose agent for jobs was stopped has another, which takes jobs.
func TestAgentThatIsStoppedIsReplaced(t *testing.T) {
	c := start(t, choreGroup(1))
	ctx := within(t)
	before, err := chores.Submit(ctx, c, &chore{})
	if err != nil {
		t.Fatal(err)
	}
	c.System().Root.Stop(actor.NewPID("chores/1#1", actors.JobsAgentID))
	for range 10 {
		if got, err := chores.Submit(ctx, c, &chore{}); err != nil || got.Job.Attempt != 1 || got.OSPID != before.OSPID {
			t.Fatalf("after its end: %+v, %v", got, err)
		}
	}
}

// A root that somebody stops and starts again takes jobs again.
func TestRootThatIsStartedAgainTakesJobs(t *testing.T) {
	c := start(t, choreGroup(1))
	ctx, host := within(t), c.Ref(actor.NewPID("chores/1#1", actors.HostID))
	if _, err := chores.Submit(ctx, c, &chore{}); err != nil {
		t.Fatal(err)
	}
	if err := troupe.TerminateChild(ctx, host, "root"); err != nil {
		t.Fatal(err)
	}
	if _, err := troupe.RestartChild(ctx, host, "root"); err != nil {
		t.Fatal(err)
	}
	if got, err := chores.Submit(ctx, c, &chore{}); err != nil || got.Job.Attempt != 1 {
		t.Errorf("after that: %+v, %v", got, err)
	}
}
