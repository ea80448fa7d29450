package actors

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestSupervisionScripts plays each script in testdata against the core.
//
// A script is a list of events, each followed by the actions it must cause,
// indented. Blank lines and lines that begin with # are kept. The first events
// describe the supervisor:
//
//	supervisor NAME [STRATEGY] [intensity=N/PERIOD] [together] [root] [auto=any|all]
//	child ID [RESTART] [significant] [in-place] [first=D] [min=D] [max=D] [stable=D] [patience=D]
//
// and the rest happen to it, "at D" (since the beginning) before any of them,
// and chance=C behind an exit for the jitter:
//
//	start | ready ID | exit ID REASON | due ID N | stop [CAUSE]
//	crash ID resume|restart|stop|escalate REASON | lost ID REASON
//	add N ID […as child] | terminate N ID | restart N ID | delete N ID | recycle N ID | list
//
// where N is whom to answer.
//
// The format is frozen: scripts are never edited to suit a change of the code.
func TestSupervisionScripts(t *testing.T) {
	playScripts(t, "testdata/*.txt", func() scriptPlayer { return &player{} })
}

// player holds the state of one script.
type player struct {
	plan plan
	core *supervision
	now  time.Time
}

// play implements scriptPlayer.
func (p *player) play(words []string) (lines []string, err error) {
	acts, err := p.answer(words)
	if words[len(words)-1] == "list" {
		lines = p.list()
	}
	return append(lines, linesOf(acts)...), err
}

func (p *player) answer(words []string) ([]action, error) {
	if words[0] == "at" {
		d, err := time.ParseDuration(words[1])
		if err != nil {
			return nil, err
		}
		p.now, words = time.Unix(0, 0).Add(d), words[2:]
	}
	switch words[0] {
	case "supervisor":
		return nil, p.describe(words[1:])
	case "child":
		return nil, p.describeChild(words[1:])
	}
	if p.core == nil {
		p.core = newSupervision(p.plan)
	}
	return p.happen(words[0], words[1:])
}

func (p *player) describe(words []string) error {
	p.plan.name = words[0]
	for _, word := range words[1:] {
		switch key, value, _ := strings.Cut(word, "="); key {
		case "one-for-one", "one-for-all", "rest-for-one", "dynamic":
			p.plan.strategy = map[string]Strategy{"one-for-all": OneForAll, "rest-for-one": RestForOne, "dynamic": Dynamic}[key]
		case "auto":
			p.plan.auto = map[string]AutoShutdown{"any": ShutdownAnySignificant, "all": ShutdownAllSignificant}[value]
		case "together":
			p.plan.together = true
		case "root":
			p.plan.root = true
		case "intensity":
			n, period, _ := strings.Cut(value, "/")
			p.plan.intensity = Intensity{MaxRestarts: number(n), Period: duration(period)}
		default:
			return fmt.Errorf("unknown word %q", word)
		}
	}
	return nil
}

func (p *player) describeChild(words []string) error {
	c, err := childOf(words)
	p.plan.children = append(p.plan.children, c)
	return err
}

func childOf(words []string) (childPlan, error) {
	c := childPlan{id: words[0]}
	for _, word := range words[1:] {
		switch key, value, _ := strings.Cut(word, "="); key {
		case "permanent", "transient", "temporary":
			c.restart = map[string]RestartType{"transient": Transient, "temporary": Temporary}[key]
		case "significant":
			c.significant = true
		case "in-place":
			c.inPlace = true
		case "first":
			c.backoff.First = duration(value)
		case "min":
			c.backoff.Min = duration(value)
		case "max":
			c.backoff.Max = duration(value)
		case "stable":
			c.backoff.StableFor = duration(value)
		case "patience":
			c.backoff.GiveUpAfter = duration(value)
		default:
			return c, fmt.Errorf("unknown word %q", word)
		}
	}
	return c, nil
}

func (p *player) happen(what string, words []string) ([]action, error) {
	switch what {
	case "start":
		return p.core.start(), nil
	case "ready":
		return p.core.ready(words[0], p.now), nil
	case "exit":
		reason, chance := reasonOf(words[1:])
		return p.core.exited(words[0], reason, p.now, chance), nil
	case "due":
		return p.core.due(words[0], number(words[1])), nil
	case "stop":
		if len(words) == 0 {
			return p.core.stop(nil), nil
		}
		return p.core.stop(errors.New(strings.Join(words, " "))), nil
	case "crash":
		reason, chance := reasonOf(words[2:])
		return p.core.crashed(words[0], reason, directives[words[1]], p.now, chance), nil
	case "lost":
		reason, _ := reasonOf(words[1:])
		return p.core.lost(words[0], reason, p.now), nil
	case "list":
		return nil, nil
	}
	return p.ask(what, words)
}

var directives = map[string]Directive{
	"resume": DirectiveResume, "restart": DirectiveRestart, "stop": DirectiveStop, "escalate": DirectiveEscalate,
}

func (p *player) ask(what string, words []string) ([]action, error) {
	n := number(words[0])
	switch what {
	case "add":
		c, err := childOf(words[1:])
		return p.core.add(n, c), err
	case "terminate":
		return p.core.terminate(n, words[1]), nil
	case "restart":
		return p.core.restart(n, words[1]), nil
	case "delete":
		return p.core.delete(n, words[1]), nil
	case "recycle":
		return p.core.recycle(n, words[1]), nil
	}
	return nil, fmt.Errorf("unknown event %q", what)
}

// list writes how each child is.
func (p *player) list() (lines []string) {
	for c := range p.core.all {
		lines = append(lines, fmt.Sprintf("%s %v", c.id, c.info(p.now).State))
	}
	return lines
}

// reasonOf reads "normal", "shutdown" or "failed TEXT", and chance=C behind it.
func reasonOf(words []string) (r Reason, chance float64) {
	if text, ok := strings.CutPrefix(words[len(words)-1], "chance="); ok {
		chance, _ = strconv.ParseFloat(text, 64)
		words = words[:len(words)-1]
	}
	switch words[0] {
	case "normal":
	case "shutdown":
		r.Kind = ReasonShutdown
	default:
		r = Failure(errors.New(strings.Join(words[1:], " ")))
	}
	return r, chance
}

func duration(text string) time.Duration {
	d, err := time.ParseDuration(text)
	if err != nil {
		panic(err)
	}
	return d
}

func number(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil {
		panic(err)
	}
	return n
}

// String writes an action as scripts have it.
func (a action) String() string {
	switch a.op {
	case opStart:
		return "start " + a.child
	case opStop:
		return "stop " + a.child
	case opWait:
		return fmt.Sprintf("wait %s %v #%d", a.child, a.after, a.timer)
	case opCancel:
		return "cancel " + a.child
	case opRestarting:
		return fmt.Sprintf("restarting %s after %v: %v", a.child, a.after, a.reason)
	case opForget:
		return fmt.Sprintf("forget %s: %v", a.child, a.reason)
	case opReady:
		return "ready"
	case opGaveUp:
		return fmt.Sprintf("gave up: %v", a.reason)
	case opEnd:
		return fmt.Sprintf("end %v", a.reason)
	}
	return a.text()
}

// text writes an action that concerns one failed child, or one ask.
func (a action) text() string {
	switch {
	case a.op == opRevive:
		return "revive " + a.child
	case a.op == opResume:
		return "resume " + a.child
	case a.op == opDiscard:
		return fmt.Sprintf("discard %s: %v", a.child, a.reason)
	case a.err == nil:
		return fmt.Sprintf("answer %d: done", a.ask)
	case errors.Is(a.err, ErrStartFailed):
		return fmt.Sprintf("answer %d: did not start: %v", a.ask, a.reason)
	}
	return fmt.Sprintf("answer %d: %v", a.ask, a.err)
}
