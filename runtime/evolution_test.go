package runtime_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/rs/zerolog"

	troupe "github.com/seed-4314ae1d/troupe/runtime"
)

// One message type in two versions of this program: which one a process has is
// known before its main. Both are called invoice, as a type that was changed is.
var (
	newInvoice func(name string) any
	readable   func(message any) (text string, ok bool)
)

func registerOldInvoice() {
	type line struct{ Text string }
	type invoice struct {
		Name    string
		Amount  int32
		Removed []line
		Lines   []line
	}
	troupe.RegisterMessages(new(invoice))
	newInvoice = func(name string) any {
		return &invoice{Name: name, Amount: 7, Removed: []line{{"gone"}}, Lines: []line{{"kept"}}}
	}
	readable = func(message any) (string, bool) {
		m, ok := message.(*invoice)
		return fmt.Sprintf("%+v", m), ok
	}
}

func registerInvoice() {
	type line struct {
		Price int
		Text  string
	}
	type invoice struct {
		Added  map[string]time.Time
		Lines  []line
		Amount int64
		Name   string
	}
	troupe.RegisterMessages(new(invoice))
	newInvoice = func(name string) any {
		return &invoice{Name: name, Amount: 5, Added: map[string]time.Time{"x": time.Unix(0, 0)}, Lines: []line{{3, "line"}}}
	}
	readable = func(message any) (string, bool) {
		m, ok := message.(*invoice)
		return fmt.Sprintf("%+v", m), ok
	}
}

// bookkeeper answers an invoice with one of its own, whose name is what it read.
type bookkeeper struct{}

func (bookkeeper) Receive(ctx actor.Context) {
	if m, ok := ctx.Message().(*die); ok {
		dieBy(m.How)
	}
	if text, ok := readable(ctx.Message()); ok {
		ctx.Respond(newInvoice(text))
		return
	}
	troupe.Unhandled(ctx)
}

var bookkeepers = troupe.RegisterKind("bookkeeper", func() actor.Actor { return bookkeeper{} })

func init() {
	roles["outdated"] = func() { troupe.Init() }
	if os.Getenv("TEST_ROLE") == "outdated" {
		registerOldInvoice()
		return
	}
	registerInvoice()
	type onlyNew struct{ N int }
	troupe.RegisterMessages(new(onlyNew))
	newerThan = func() any { return &onlyNew{} }
}

// newerThan makes a message that the old version does not have.
var newerThan func() any

// Workers of an older program serve beside the new ones, and the master says,
// once, how their messages differ.
func TestTwoVersionsServeSideBySide(t *testing.T) {
	log := &lockedLog{}
	logger := zerolog.New(log).Level(zerolog.WarnLevel)
	c := start(t, troupe.Config{Logger: &logger, Groups: []troupe.Group{
		{Name: "old", Kind: bookkeepers, Size: 2, Env: []string{"TEST_ROLE=outdated"}}, {Name: "new", Kind: bookkeepers},
	}})
	for group, want := range map[string][2]string{
		"old": {"&{Name:sent Amount:5 Removed:[] Lines:[{Text:line}]}", "Amount:7 "},
		"new": {"&{Added:map[x:1970-01-01 00:00:00 +0000 UTC] Lines:[{Price:3 Text:line}] Amount:5 Name:sent}", "Amount:5 "},
	} {
		reply, err := troupe.Ask[any](shortly(t), c.Slot(group, 1), newInvoice("sent"))
		if text, _ := readable(reply); err != nil || !strings.Contains(text, want[0]) || !strings.Contains(text, want[1]) {
			t.Errorf("%s read, and answered, %s, %v", group, text, err)
		}
	}
	told := `"type":"github.com/seed-4314ae1d/troupe/runtime_test.invoice","fields":"{Added map[string]time, Amount int64, Lines []{Price int, Text string}, Name string}",` +
		`"workersFields":"{Amount int32, Lines []{Text string}, Name string, Removed []line}"`
	if log.count(told) != 1 {
		t.Errorf("the log:\n%s", log)
	}
	before := log.count("workersFields")
	lives := subscribe(c)
	c.System().Root.Send(c.Slot("old", 1).PID(), &die{"SIGKILL"})
	if err := c.Send(shortly(t), c.Slot("old", 2), newerThan()); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := troupe.Ask[any](shortly(t), c.Slot("old", 2), newerThan()); err == nil {
			t.Error("a message of a type that is not there was answered")
		}
	}
	eventually(t, "the unknown type to be logged", func() bool { return log.count("onlyNew") == 1 })
	eventually(t, "another life", func() bool { return len(of[*troupe.Ready](lives)) == 1 })
	if after := log.count("workersFields"); before != 1 || after != 1 {
		t.Errorf("told %d times, and %d after another life:\n%s", before, after, log)
	}
}
