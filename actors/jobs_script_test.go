package actors

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestJobScripts plays each script in testdata/jobs against the core of a queue.
//
// A script is a list of events, each followed by the actions it must cause,
// indented. Blank lines and lines that begin with # are kept. The first event
// describes the queue:
//
//	queue [count=N] [bytes=N] [done=N] [quarantine=N] [proofs=K] [attempts=N] [first=D]
//
// and the rest happen to it, "at D" (since the beginning) before any of them:
//
//	submit N ID [priority=P] [deadline=D] [attempts=N] [size=N]
//	pull W ROOM | ack W ID RESULT | return W ID | gone W REASON
//	error W ID TEXT | retry-in D W ID TEXT | give-up W ID TEXT
//	due | pause | resume | drain | retry ID | discard ID | list
//
// where N is whom to answer, and list shows every job known.
//
// The format is frozen: scripts are never edited to suit a change of the code.
func TestJobScripts(t *testing.T) {
	playScripts(t, "testdata/jobs/*.txt", func() scriptPlayer { return &jobPlayer{now: time.Unix(0, 0)} })
}

// jobPlayer holds the state of one script.
type jobPlayer struct {
	core *jobQueue
	now  time.Time
}

func (p *jobPlayer) play(words []string) ([]string, error) {
	if words[0] == "at" {
		p.now, words = time.Unix(0, 0).Add(duration(words[1])), words[2:]
	}
	if p.core == nil {
		plan, err := jobPlanOf(words[1:])
		p.core = newJobQueue(plan, nil)
		return nil, err
	}
	if words[0] == "list" {
		return p.list(), nil
	}
	acts, err := p.happen(words[0], words[1:])
	return linesOf(acts), err
}

func jobPlanOf(words []string) (p jobPlan, err error) {
	p.name = "q"
	for _, word := range words {
		switch key, value, _ := strings.Cut(word, "="); key {
		case "count":
			p.queue.count = number(value)
		case "bytes":
			p.queue.bytes = number(value)
		case "done":
			p.done.count = number(value)
		case "quarantine":
			p.quarantine.count = number(value)
		case "proofs":
			p.proofs = number(value)
		case "attempts":
			p.maxAttempts = number(value)
		case "first":
			p.backoff.First = duration(value)
		default:
			err = fmt.Errorf("unknown word %q", word)
		}
	}
	return p, err
}

func (p *jobPlayer) happen(what string, words []string) ([]jobAction, error) {
	switch what {
	case "submit":
		j, err := jobOf(words[1:])
		return p.core.submit(number(words[0]), j, p.now), err
	case "due":
		return p.core.due(p.now), nil
	case "pause":
		return p.core.pause(p.now), nil
	case "resume":
		return p.core.resume(p.now), nil
	case "drain":
		return p.core.drain(p.now), nil
	case "retry":
		acts, err := p.core.retry(words[0], p.now)
		return refused(acts, err), nil
	case "discard":
		return refused(nil, p.core.discard(words[0])), nil
	case "retry-in":
		f := jobFailure{kind: jobRetryIn, after: duration(words[0]), err: errors.New(strings.Join(words[3:], " "))}
		return p.core.failed(worker(words[1]), words[2], f, p.now, 0), nil
	}
	return p.work(what, worker(words[0]), words[1:])
}

// refused shows an error as the refusal of ask 0.
func refused(acts []jobAction, err error) []jobAction {
	if err == nil {
		return acts
	}
	return append(acts, jobAction{op: jobAnswer, outcome: jobOutcome{err: err}})
}

func (p *jobPlayer) work(what string, w Incarnation, words []string) ([]jobAction, error) {
	text := errors.New(strings.Join(words[1:], " "))
	switch what {
	case "pull":
		return p.core.pull(w, number(words[0]), p.now), nil
	case "ack":
		return p.core.acked(w, words[0], jobOutcome{result: words[1], size: len(words[1])}, p.now), nil
	case "error":
		return p.core.failed(w, words[0], jobFailure{err: text}, p.now, 0), nil
	case "give-up":
		return p.core.failed(w, words[0], jobFailure{kind: jobQuarantine, err: text}, p.now, 0), nil
	case "return":
		return p.core.returned(w, words[0], p.now), nil
	case "gone":
		reason, _ := reasonOf(words)
		return p.core.workerGone(w, reason, p.now), nil
	}
	return nil, fmt.Errorf("unknown event %q", what)
}

// worker reads the N of w/N#1, or of N#L: w/N#L.
func worker(text string) Incarnation {
	n, life, found := strings.Cut(text, "#")
	if !found {
		life = "1"
	}
	return Incarnation{Slot: Slot{Group: "w", N: number(n)}, Life: number(life)}
}

func jobOf(words []string) (j job, err error) {
	j.id, j.payload = words[0], words[0]
	for _, word := range words[1:] {
		switch key, value, _ := strings.Cut(word, "="); key {
		case "priority":
			j.priority = number(value)
		case "deadline":
			j.deadline = time.Unix(0, 0).Add(duration(value))
		case "attempts":
			j.maxAttempts = number(value)
		case "size":
			j.size = number(value)
		default:
			err = fmt.Errorf("unknown word %q", word)
		}
	}
	return j, err
}

// list shows how each job is, in the order of submission.
func (p *jobPlayer) list() (lines []string) {
	for n := range p.core.numbered {
		for _, e := range p.core.entries {
			if e.number == n+1 {
				lines = append(lines, fmt.Sprintf("%s %v attempts=%d%s", e.id, e.state, e.attempts, e.marks()))
			}
		}
	}
	return lines
}

func (r *jobRecord) marks() (text string) {
	if r.redelivered {
		text += " redelivered"
	}
	if r.alone {
		text += " alone"
	}
	if len(r.reasons) > 0 {
		text += " reasons=" + strconv.Itoa(len(r.reasons))
	}
	return text
}

// String writes an action as scripts have it.
func (a jobAction) String() string {
	switch a.op {
	case jobHand:
		return fmt.Sprintf("hand %s to %v attempt=%d%s", a.job.id, a.worker, a.job.attempts, a.job.marks())
	case jobWake:
		return "wake at " + a.at.Sub(time.Unix(0, 0)).String()
	case jobTellQuarantined:
		return fmt.Sprintf("quarantined %s: %v", a.job.id, a.job.reasons)
	case jobTellDropped:
		return "dropped " + a.job.id
	case jobTellDrained:
		return "drained"
	}
	if a.outcome.err != nil {
		return fmt.Sprintf("answer %d: %v", a.ask, a.outcome.err)
	}
	return fmt.Sprintf("answer %d: %v", a.ask, a.outcome.result)
}
