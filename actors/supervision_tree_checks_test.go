package actors

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// happen carries the actions out, each of which must make sense.
func (n *node) happen(event string, acts []action) {
	n.history = append(n.history, fmt.Sprintf("%v %s: %s: %v", n.now.Sub(time.Unix(0, 0)), n.path, event, acts))
	for len(acts) > 0 && n.err == nil {
		act := acts[0]
		acts = acts[1:]
		if n.over {
			n.err = fmt.Errorf("%s: %v after the end", n.path, act)
			return
		}
		if err := n.carryOut(act); err != nil {
			n.tree.err = fmt.Errorf("%s: %v: %w", n.path, act, err)
		}
	}
}

func (n *node) carryOut(act action) error {
	c := n.specs[act.child]
	switch act.op {
	case opStart:
		return n.launch(act.child, c)
	case opStop:
		if c.state != childStarting && c.state != childReady {
			return errors.New("it does not run")
		}
		c.state = childStopping
		if c.node != nil {
			c.node.happen("stop", c.node.core.stop(nil))
		}
	case opDiscard:
		n.exit(act.child, act.reason)
	case opRevive:
		if c.state != childReady || c.node != nil {
			return errors.New("it does not run, or is a supervisor")
		}
		c.state = childStarting
	case opWait:
		n.waits[act.child] = act.timer
	case opCancel:
		delete(n.waits, act.child)
	case opRestarting:
		if n.recent() >= n.core.plan.intensity.MaxRestarts {
			return errors.New("over the intensity")
		}
		n.restarts = append(n.restarts, n.now)
	case opForget:
		return n.forget(act.child, c)
	case opReady:
		return n.allReady()
	case opGaveUp:
		return n.giveUp(act)
	case opEnd:
		return n.end(act)
	case opAnswer:
		return n.answer(act)
	}
	return nil
}

// launch: one life at a time, none of those that were to stay down, none after
// the end began, and where children depend on each other no new one before the
// old ones are gone.
func (n *node) launch(id string, c *twig) error {
	_, waits := n.waits[id]
	switch {
	case c.state != childDown:
		return errors.New("it runs already")
	case waits:
		return errors.New("its backoff has not passed")
	case c.resting:
		return errors.New("it is to stay down")
	case n.gaveUp || n.core.phase >= phaseEnding:
		return errors.New("the end has begun")
	}
	if s := n.core.plan.strategy; s == OneForAll || s == RestForOne {
		for other, c := range n.specs {
			if c.state == childStopping {
				return fmt.Errorf("%s still stops", other)
			}
		}
	}
	c.state = childStarting
	if c.makes != nil {
		sub := n.plant(n.path+"/"+id, c.makes(), nil)
		sub.parent, sub.id, c.node = n, id, sub
		sub.happen("start", sub.core.start())
	}
	return nil
}

func (n *node) forget(id string, c *twig) error {
	if c.state != childDown {
		return errors.New("it runs")
	}
	c.resting = true
	if n.core.byID[id] == nil {
		delete(n.specs, id)
	}
	return nil
}

func (n *node) allReady() error {
	for id, c := range n.specs {
		if c.state == childStarting || c.state == childStopping {
			return fmt.Errorf("%s is not", id)
		}
	}
	if n.parent != nil && n.parent.specs[n.id].state == childStarting {
		n.parent.specs[n.id].state = childReady
		n.parent.happen("ready "+n.id, n.parent.core.ready(n.id, n.now))
	}
	return nil
}

// giveUp: not before the intensity was used up, but for a decision or a child
// that cannot be stopped.
func (n *node) giveUp(act action) error {
	n.gaveUp = true
	var why *GaveUpError
	if !errors.As(act.reason.Err, &why) {
		return errors.New("no GaveUpError")
	}
	if why.Period > 0 && n.recent() < n.core.plan.intensity.MaxRestarts {
		return errors.New("too early")
	}
	return nil
}

func (n *node) end(act action) error {
	for id, c := range n.specs {
		if c.state != childDown {
			return fmt.Errorf("%s runs", id)
		}
	}
	if len(n.waits) > 0 || len(n.asks) > 0 {
		return fmt.Errorf("left: waits %v, asks %v", n.waits, n.asks)
	}
	n.over = true
	n.nodes = slices.DeleteFunc(n.nodes, func(other *node) bool { return other == n })
	if n.parent != nil {
		n.parent.specs[n.id].node = nil
		n.parent.exit(n.id, act.reason)
	}
	return nil
}

// recent counts the restarts in the window, in its own way.
func (n *node) recent() (count int) {
	for _, at := range n.restarts {
		if at.Add(n.core.plan.intensity.Period).After(n.now) {
			count++
		}
	}
	return count
}

// answer: each once, and true.
func (n *node) answer(act action) error {
	p, ok := n.asks[act.ask]
	if !ok || p.id != act.child {
		return errors.New("nobody asked, or it was answered before")
	}
	delete(n.asks, act.ask)
	c := n.specs[p.id]
	if act.err != nil {
		return n.refused(p, act.err, c)
	}
	switch {
	case p.op == "terminate" && c != nil:
		if c.state != childDown {
			return errors.New("it runs")
		}
		c.resting = true
	case p.op == "delete" && c != nil:
		return errors.New("it is there")
	case (p.op == "add" || p.op == "restart" || p.op == "recycle") && (c == nil || c.state != childReady):
		return errors.New("it is not ready")
	}
	return nil
}

// refused: a refusal must be for what is.
func (n *node) refused(p promise, why error, c *twig) error {
	running := c != nil && c.state != childDown
	switch why {
	case ErrNoChild:
		if c != nil {
			return errors.New("it is there")
		}
	case ErrStopping:
		if n.core.phase < phaseEnding {
			return errors.New("it is not stopping")
		}
	case ErrAlreadyPresent:
		if c == nil {
			return errors.New("it is not there")
		}
	case ErrAlreadyStarted, ErrChildRunning:
		if !running && !n.core.byID[p.id].pending {
			return errors.New("it does not run")
		}
	}
	return nil
}
