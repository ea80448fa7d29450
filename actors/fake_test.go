package actors

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asynkron/protoactor-go/actor"
)

// behaviour is how a fake worker lives. The zero one is ready at once, answers
// every ping and exits as soon as it is asked to.
type behaviour struct {
	launchErr  error
	connect    time.Duration // from launch; negative: never
	ready      time.Duration // from launch; negative: never
	exit       time.Duration // from launch; 0: not by itself
	reason     Reason        // of that exit
	drainFor   time.Duration // negative: it ignores the request
	ignoreTerm bool
	mute       time.Duration // from launch, after which it answers no ping; 0: never
	pingPanics bool
	usage      func(age time.Duration) Usage // told with each answer; nil: nothing
}

const never = time.Duration(-1)

// fakeLauncher is a Launcher whose workers live in virtual time.
type fakeLauncher struct {
	behave func(Incarnation) behaviour
	began  time.Time

	mu      sync.Mutex
	diary   []string // what happened, as "1s launch a/1#1"
	workers map[Incarnation]*fakeWorker
	alive   map[Slot]int
	clash   bool // two lives in one slot
}

func newFakeLauncher(behave func(Incarnation) behaviour) *fakeLauncher {
	if behave == nil {
		behave = func(Incarnation) behaviour { return behaviour{} }
	}
	return &fakeLauncher{
		behave: behave, began: time.Now(),
		workers: make(map[Incarnation]*fakeWorker), alive: make(map[Slot]int),
	}
}

func (l *fakeLauncher) note(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.diary = append(l.diary, fmt.Sprintf("%v ", time.Since(l.began))+fmt.Sprintf(format, args...))
}

func (l *fakeLauncher) Launch(who Incarnation, report func(WorkerEvent)) (Worker, error) {
	b := l.behave(who)
	l.note("launch %v", who)
	if b.launchErr != nil {
		return nil, b.launchErr
	}
	w := &fakeWorker{who: who, behaviour: b, launcher: l, report: report, began: time.Now()}
	l.mu.Lock()
	l.workers[who] = w
	l.alive[who.Slot]++
	l.clash = l.clash || l.alive[who.Slot] > 1
	l.mu.Unlock()
	w.after(b.connect, func() { w.say(WorkerConnected) })
	if b.ready >= 0 && b.connect >= 0 {
		w.after(max(b.ready, b.connect), func() { w.say(WorkerConnected); w.say(WorkerReady) })
	}
	if b.exit > 0 {
		w.after(b.exit, func() { w.die(b.reason) })
	}
	return w, nil
}

func (l *fakeLauncher) Abandon(slot Slot, why error) { l.note("abandon %v: %v", slot, why) }

func (l *fakeLauncher) Share(group string, weights []int) { l.note("share %s: %v", group, weights) }

// about returns the diary's lines that contain any of words; those about shares
// only if it is one of them.
func (l *fakeLauncher) about(words ...string) []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(l.diary), func(line string) bool {
		named := slices.ContainsFunc(words, func(word string) bool { return strings.Contains(line, word) })
		return !named || strings.Contains(line, " share ") && !slices.Contains(words, "share")
	})
}

// of returns the diary's lines about a slot.
func (l *fakeLauncher) of(slot string) []string {
	return slices.DeleteFunc(l.about(""), func(line string) bool {
		who := strings.Fields(line)[2]
		return !strings.HasPrefix(who, slot+"#") && who != slot+":"
	})
}

func (l *fakeLauncher) worker(name string) *fakeWorker {
	who, err := ParseIncarnation(name)
	if err != nil {
		panic(err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.workers[who]
}

func (l *fakeLauncher) leftAlive() (n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, alive := range l.alive {
		n += alive
	}
	return n
}

type fakeWorker struct {
	behaviour
	who      Incarnation
	launcher *fakeLauncher
	began    time.Time

	mu     sync.Mutex
	report func(WorkerEvent) // nil after the exit was reported
	state  WorkerState
	heard  uint64
	told   Usage
	timers []*time.Timer
}

func (w *fakeWorker) after(d time.Duration, f func()) {
	if d < 0 {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.timers = append(w.timers, time.AfterFunc(d, f))
}

// say reports a state, unless the worker is past it.
func (w *fakeWorker) say(state WorkerState) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.report != nil && state > w.state {
		w.state = state
		w.report(WorkerEvent{State: state})
	}
}

// die ends the worker, once.
func (w *fakeWorker) die(reason Reason) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.report == nil {
		return
	}
	for _, timer := range w.timers {
		timer.Stop()
	}
	w.launcher.note("exit %v", w.who)
	w.launcher.mu.Lock()
	w.launcher.alive[w.who.Slot]--
	w.launcher.mu.Unlock()
	w.report(WorkerEvent{State: WorkerExited, Reason: reason})
	w.report = nil
}

func (w *fakeWorker) crash(text string) {
	w.die(Failure(&ExitError{Who: w.who.String(), OSPID: w.OSPID(), Code: 2, Panic: text}))
}

func (w *fakeWorker) OSPID() int { return 1000*w.who.Slot.N + w.who.Life }

func (w *fakeWorker) Drain() {
	w.launcher.note("drain %v", w.who)
	w.after(w.drainFor, func() {
		w.say(WorkerDraining)
		w.die(Reason{})
	})
}

func (w *fakeWorker) Signal(sig os.Signal) error {
	w.launcher.note("%s %v", signalNames[sig], w.who)
	if sig == syscall.SIGQUIT || sig == syscall.SIGTERM && w.ignoreTerm {
		return nil
	}
	w.after(0, func() {
		w.die(Failure(&ExitError{Who: w.who.String(), OSPID: w.OSPID(), Code: -1, Signal: signalNames[sig], Stderr: "last words"}))
	})
	return nil
}

var signalNames = map[os.Signal]string{syscall.SIGTERM: "SIGTERM", syscall.SIGKILL: "SIGKILL", syscall.SIGQUIT: "SIGQUIT"}

func (w *fakeWorker) Ping() {
	if w.pingPanics {
		panic("ping")
	}
	if w.mute == 0 || time.Since(w.began) < w.mute {
		w.after(time.Millisecond, func() {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.heard++
			if w.usage != nil {
				told := w.told.Told
				w.told = w.usage(time.Since(w.began))
				w.told.Told = told + 1
			}
		})
	}
}

func (w *fakeWorker) Usage() Usage {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.told
}

func (w *fakeWorker) Heard() uint64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.heard
}

// cluster is a master under test, in a bubble.
type cluster struct {
	*fakeLauncher
	t      *testing.T
	system *actor.ActorSystem
	master *actor.PID

	mu      sync.Mutex
	events  map[string][]string // by slot, or by who gave up
	readies int
	dones   []error
}

// startCluster starts a master in the bubble that the test runs in.
func startCluster(t *testing.T, cfg MasterConfig, behave func(Incarnation) behaviour) *cluster {
	t.Helper()
	c := &cluster{fakeLauncher: newFakeLauncher(behave), t: t, events: make(map[string][]string)}
	c.system = actor.NewActorSystem(actor.WithLoggerFactory(quiet))
	c.system.EventStream.Subscribe(c.record)
	cfg.Launcher = c.fakeLauncher
	for i := range cfg.Groups { // so that the moments that tests wait for are whole seconds
		cfg.Groups[i].Heartbeat = cmp.Or(cfg.Groups[i].Heartbeat, time.Second)
	}
	cfg.Ready = func() { c.mu.Lock(); c.readies++; c.mu.Unlock() }
	cfg.Done = func(err error) { c.mu.Lock(); c.dones = append(c.dones, err); c.mu.Unlock() }
	if cfg.Rand == nil {
		cfg.Rand = func() float64 { return 0 }
	}
	props := actor.PropsFromProducer(func() actor.Actor { return NewMaster(cfg) }, actor.WithSpawnMiddleware(ownMailbox))
	pid, err := c.system.Root.SpawnNamed(props, "master")
	if err != nil {
		t.Fatal(err)
	}
	c.master = pid
	synctest.Wait()
	return c
}

// ownMailbox gives an actor and all below it the mailbox that they have in earnest.
func ownMailbox(next actor.SpawnFunc) actor.SpawnFunc {
	return func(system *actor.ActorSystem, id string, props *actor.Props, parent actor.SpawnerContext) (*actor.PID, error) {
		box := func() actor.Mailbox { return NewMailbox(MailboxConfig{ID: id, Address: system.Address()}) }
		return next(system, id, props.Clone(actor.WithMailbox(box), actor.WithSpawnMiddleware(ownMailbox)), parent)
	}
}

// record keeps an event as one word, with what matters of it.
func (c *cluster) record(event any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch e := event.(type) {
	case *Spawned:
		c.keep(e.Who.Slot.String(), "spawned %v", e.Who)
	case *Connected:
		c.keep(e.Who.Slot.String(), "connected %v", e.Who)
	case *Ready:
		c.keep(e.Who.Slot.String(), "ready %v", e.Who)
	case *Draining:
		c.keep(e.Who.Slot.String(), "draining %v", e.Who)
	case *Exited:
		c.keep(e.Who.Slot.String(), "exited %v after %v: %v", e.Who, e.Uptime, e.Reason)
	case *Restarting:
		c.keep(e.Who.String(), "restarting after %v", e.After)
	case *GaveUp:
		c.keep(e.Who, "gave up: %v", e.Err)
	}
}

func (c *cluster) keep(who, format string, args ...any) {
	c.events[who] = append(c.events[who], fmt.Sprintf(format, args...))
}

// seen returns the events of a slot, or of a supervisor.
func (c *cluster) seen(who string) []string {
	synctest.Wait()
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.events[who])
}

func (c *cluster) tell(message any) {
	c.system.Root.Send(c.master, message)
	synctest.Wait()
}

// wait lets virtual time pass.
func (c *cluster) wait(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// result returns what Done was called with; calls says how often.
func (c *cluster) result() (calls int, err error) {
	synctest.Wait()
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.dones) == 0 {
		return 0, nil
	}
	return len(c.dones), c.dones[0]
}

// end stops the cluster, if it runs, and checks what must hold of any.
func (c *cluster) end() error {
	c.t.Helper()
	c.tell(&Shutdown{})
	c.wait(time.Minute)
	calls, err := c.result()
	if calls != 1 {
		c.t.Errorf("Done was called %d times, want once", calls)
	}
	if n := c.leftAlive(); n != 0 {
		c.t.Errorf("%d workers left running", n)
	}
	if c.clash {
		c.t.Error("a slot had two lives at once")
	}
	for _, id := range c.names() {
		if _, found := c.system.ProcessRegistry.GetLocal(id); found {
			c.t.Errorf("actor %s is left", id)
		}
	}
	return err
}

// names returns the names that actors of the tree have had.
func (c *cluster) names() []string {
	names := []string{"master", "master/" + publisherName}
	c.fakeLauncher.mu.Lock()
	defer c.fakeLauncher.mu.Unlock()
	for slot := range c.alive {
		names = append(names, "master/"+slot.Group, "master/"+slot.String())
	}
	return names
}

var errBoom = errors.New("boom")

// wantLines compares lists line by line.
func wantLines(t *testing.T, what string, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s:\n got  %s\n want %s", what, strings.Join(got, "\n      "), strings.Join(want, "\n      "))
	}
}
