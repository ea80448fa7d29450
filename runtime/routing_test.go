package runtime_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/rs/zerolog"

	troupe "github.com/seed-4314ae1d/troupe/runtime"
)

// routee is a puppet that knows messages with keys.
type routee struct {
	puppet
	parcels []int
}

type (
	parcel struct { // no answer: kept
		Owner string
		N     int
	}
	locate  struct{ Owner string }        // *identity
	pass2   struct{ Owner, Group string } // asks the group where the owner is, and answers so
	opened  struct{}                      // *parcels
	parcels struct{ Numbers []int }
	census  struct{ Group string } // *counted
	counted struct{ Slots int }
	toil    struct{ Slow bool } // no answer; takes slot 2 longer, if so
)

func (p *parcel) Key() string { return p.Owner }
func (l *locate) Key() string { return l.Owner }

// shyRoutees has no worker in a slot past the second.
var shyRoutees = troupe.RegisterKind("shy-routee", func() actor.Actor { return &shyRoutee{} })

type shyRoutee struct{ routee }

func (r *shyRoutee) Receive(ctx actor.Context) {
	if _, begins := ctx.Message().(*actor.Started); begins && troupe.FromActor(ctx).Self().Slot.N > 2 {
		panic("shy")
	}
	r.routee.Receive(ctx)
}

var routees = troupe.RegisterKind("routee", func() actor.Actor { return &routee{} })

func init() {
	troupe.RegisterMessages(new(parcel), new(locate), new(pass2), new(opened), new(parcels), new(census), new(counted), new(toil))
}

func (r *routee) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case *parcel:
		r.parcels = append(r.parcels, m.N)
	case *toil:
		if m.Slow && troupe.FromActor(ctx).Self().Slot.N == 2 {
			time.Sleep(time.Second) // virtual
		}
	case *opened:
		ctx.Respond(&parcels{r.parcels})
	case *locate:
		ctx.Respond(&identity{Self: ctx.Self()})
	case *pass2:
		ctx.RequestWithCustomSender(troupe.FromActor(ctx).Group(m.Group).PID(), troupe.WithKey(m.Owner, &whoami{}), ctx.Sender())
	default:
		r.puppet.Receive(ctx)
	}
}

// hostOfKey returns who serves a key.
func hostOfKey(t *testing.T, c *troupe.Cluster, key string) troupe.Incarnation {
	t.Helper()
	return incarnationOf(t, ask[*identity](t, c.Group("routee"), &locate{key}).Self)
}

func incarnationOf(t *testing.T, pid *actor.PID) troupe.Incarnation {
	t.Helper()
	var who troupe.Incarnation
	if _, err := fmt.Sscanf(pid.Address, "routee/%d#%d", &who.Slot.N, &who.Life); err != nil {
		t.Fatal(pid, err)
	}
	return who
}

func startRoutees(t *testing.T, routing troupe.Routing, size int) *troupe.Cluster {
	t.Helper()
	log := zerolog.Nop()
	return start(t, troupe.Config{Logger: &log, Groups: []troupe.Group{{Kind: routees, Size: size, Procs: 1, Routing: routing}}})
}

// J1: a key stays with its slot while that dies and comes back; what is sent
// meanwhile waits, in order, and the other keys do not notice.
func TestJ1ByKeyStaysWithItsSlot(t *testing.T) {
	c := startRoutees(t, troupe.ByKey, 3)
	owner := make(map[string]int)
	keys := make(map[int]string)
	for k := range 60 {
		key := fmt.Sprint("key ", k)
		owner[key] = hostOfKey(t, c, key).Slot.N
		keys[owner[key]] = key
	}
	if len(keys) != 3 {
		t.Fatalf("60 keys are on slots %v only", keys)
	}
	events := subscribe(c)
	c.System().Root.Send(c.Slot("routee", 2).PID(), &die{"SIGKILL"})
	eventually(t, "the death to be known", func() bool { return len(of[*troupe.Exited](events)) == 1 })
	for n := range 100 {
		if err := c.Send(t.Context(), c.Group("routee"), &parcel{keys[2], n}); err != nil {
			t.Fatal(err)
		}
	}
	got := ask[*parcels](t, c.Slot("routee", 2), &opened{})
	if len(got.Numbers) != 100 {
		t.Errorf("the next life got %d of 100 messages", len(got.Numbers))
	}
	for i, n := range got.Numbers {
		if i != n {
			t.Fatalf("message %d came in place %d", n, i)
		}
	}
	for key, slot := range owner {
		who := hostOfKey(t, c, key)
		if want := (troupe.Incarnation{Slot: troupe.Slot{N: slot}, Life: 1 + one(slot == 2)}); who != want {
			t.Errorf("%s is served by %v, want %v", key, who, want)
		}
		from := ask[*identity](t, c.Slot("routee", 1), &pass2{key, "routee"})
		if got := incarnationOf(t, from.Self); got.Slot.N != slot {
			t.Errorf("from a worker %s leads to %v, want slot %d", key, got, slot)
		}
	}
}

// A message that is encoded once for all has its key all the same.
func TestAskAllOfAGroupGoesByKey(t *testing.T) {
	c := startRoutees(t, troupe.ByKey, 3)
	groups := slices.Repeat([]troupe.Ref{c.Group("routee")}, 9)
	want := hostOfKey(t, c, "k")
	for _, a := range troupe.AskAll[*identity](t.Context(), groups, &locate{"k"}) {
		if a.Err != nil || incarnationOf(t, a.Reply.Self) != want {
			t.Errorf("%+v, %v; want %v", a.Reply, a.Err, want)
		}
	}
}

func one(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

// A slot that has finished hands its keys on, and what waited for them.
func TestByKeyOfASlotThatIsGivenUp(t *testing.T) {
	log := zerolog.Nop()
	c := start(t, troupe.Config{Logger: &log, Groups: []troupe.Group{
		{Kind: routees, Size: 3, Procs: 1, Routing: troupe.ByKey, Restart: troupe.Temporary},
	}})
	var key string
	for k := 0; key == "" || hostOfKey(t, c, key).Slot.N != 2; k++ {
		key = fmt.Sprint("key ", k)
	}
	c.System().Root.Send(c.Slot("routee", 2).PID(), &die{"SIGKILL"})
	var err error
	eventually(t, "another slot to have the key", func() bool {
		var who *identity
		who, err = tryAsk[*identity](t, c.Group("routee"), &locate{key})
		return err == nil && incarnationOf(t, who.Self).Slot.N != 2
	})
	if err != nil && !errors.Is(err, troupe.ErrMaybeDone) {
		t.Error(err)
	}
}

// A worker that is in a message gets nothing while others are free, and they
// share what comes.
func TestLeastLoadedAvoidsTheBusy(t *testing.T) {
	c := startRoutees(t, troupe.LeastLoaded, 3)
	busy := make(chan error, 1)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	go func() {
		_, err := troupe.Ask[*done](ctx, c.Slot("routee", 2), &block{3 * time.Second})
		busy <- err
	}()
	eventually(t, "the call to be under way", func() bool { return c.Stats().PendingCalls == 1 })
	served := make(map[int]int)
	for range 60 {
		served[incarnationOf(t, ask[*identity](t, c.Group("routee"), &locate{}).Self).Slot.N]++
	}
	if served[2] != 0 || served[1] < 20 || served[3] < 20 {
		t.Errorf("slots served %v, want none on 2", served)
	}
	if err := <-busy; err != nil {
		t.Error(err)
	}
}

// Each worker gets its copy, in order; a call is refused by type, from anywhere.
func TestBroadcastReachesEachWorker(t *testing.T) {
	c := startRoutees(t, troupe.Broadcast, 3)
	for n := range 50 {
		if err := c.Send(t.Context(), c.Group("routee"), &parcel{"", n}); err != nil {
			t.Fatal(err)
		}
	}
	for i, slot := range c.Slots("routee") {
		got := ask[*parcels](t, slot, &opened{})
		if len(got.Numbers) != 50 {
			t.Errorf("slot %d got %d of 50", i+1, len(got.Numbers))
		}
		for i, n := range got.Numbers {
			if i != n {
				t.Fatalf("slot %d: message %d came in place %d", i+1, n, i)
			}
		}
	}
	if _, err := tryAsk[*identity](t, c.Group("routee"), &locate{}); !errors.Is(err, troupe.ErrBroadcast) {
		t.Errorf("a call from the master: %v", err)
	}
	if _, err := tryAsk[*identity](t, c.Slot("routee", 1), &pass2{"", "routee"}); !errors.Is(err, troupe.ErrBroadcast) {
		t.Errorf("a call from a worker: %v", err)
	}
	if got := c.Stats(); got.PendingCalls != 0 || got.OpenCalls != 0 || got.Held != 0 {
		t.Errorf("left behind: %d pending calls, %d open, %d held", got.PendingCalls, got.OpenCalls, got.Held)
	}
}

// What is broadcast while nobody is ready is for the first that is.
func TestBroadcastWaitsForTheFirst(t *testing.T) {
	c := startRoutees(t, troupe.Broadcast, 1)
	events := subscribe(c)
	c.System().Root.Send(c.Slot("routee", 1).PID(), &die{"SIGKILL"})
	eventually(t, "the death to be known", func() bool { return len(of[*troupe.Exited](events)) == 1 })
	if err := c.Send(t.Context(), c.Group("routee"), &parcel{"", 7}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the next life to have it", func() bool {
		got, err := tryAsk[*parcels](t, c.Slot("routee", 1), &opened{})
		return err == nil && len(got.Numbers) == 1 && got.Numbers[0] == 7
	})
}

// A copy is for one life: of one that leaves, nobody else gets it too.
func TestBroadcastIsNotRepeatedByWhoLeaves(t *testing.T) {
	c := startRoutees(t, troupe.Broadcast, 3)
	for n := range 4000 {
		if n%200 == 100 {
			c.System().Root.Send(c.Slot("routee", 2).PID(), &stopSelf{})
		}
		if err := c.Send(t.Context(), c.Group("routee"), &parcel{"", n}); err != nil {
			t.Fatal(err)
		}
	}
	for _, n := range []int{1, 3} { // those that stayed
		got := ask[*parcels](t, c.Slot("routee", n), &opened{}).Numbers
		if len(got) != 4000 || !slices.IsSorted(got) {
			t.Errorf("slot %d got %d copies of 4000, in order: %v", n, len(got), slices.IsSorted(got))
		}
	}
}
