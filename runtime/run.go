package runtime

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

// Run starts a cluster, runs body in the master, stops the cluster in order
// and returns when nothing of it is left. A nil body serves until ctx ends or
// SIGINT or SIGTERM arrives.
//
// The first SIGINT or SIGTERM, the end of ctx, and the end of the cluster by
// itself end body's context, with a *[SignalError], ctx's cause or the
// cluster's error as its cause; the cluster is stopped once body has
// returned. A second signal kills every worker at once.
//
// Run returns what ended the cluster if that was not Run itself, else body's
// error.
func Run(ctx context.Context, cfg Config, body func(ctx context.Context, c *Cluster) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(signals)

	hurry, hurryUp := context.WithCancel(context.Background())
	defer hurryUp()
	watched := make(chan struct{})
	over := make(chan struct{})
	go func() {
		defer close(watched)
		followSignals(signals, over, cancel, hurryUp)
	}()
	defer func() {
		close(over)
		<-watched
	}()

	c, err := Start(ctx, cfg)
	if err != nil {
		return err
	}
	return runBody(ctx, c, cancel, hurry, body)
}

// followSignals turns the first signal into the end of the body's context and
// the second into haste, until over is closed.
func followSignals(signals <-chan os.Signal, over <-chan struct{}, first context.CancelCauseFunc, second func()) {
	seen := 0
	for {
		select {
		case sig := <-signals:
			if seen++; seen == 1 {
				first(&SignalError{sig})
			} else {
				second()
			}
		case <-over:
			return
		}
	}
}

// runBody runs body, then stops the cluster; when hurry ends, at once.
func runBody(ctx context.Context, c *Cluster, cancel context.CancelCauseFunc, hurry context.Context,
	body func(context.Context, *Cluster) error) error {
	if body == nil {
		body = func(ctx context.Context, _ *Cluster) error {
			<-ctx.Done()
			return nil
		}
	}
	finished := make(chan error, 1)
	go func() { finished <- body(c.context(ctx), c) }()
	select {
	case err := <-finished:
		return firstError(c.Stop(hurry), err)
	case <-c.Done():
		cancel(c.Wait())
		return firstError(c.Wait(), <-finished)
	case <-hurry.Done(): // the body does not end, and somebody is in a hurry
		return firstError(c.Stop(hurry), context.Cause(ctx))
	}
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
