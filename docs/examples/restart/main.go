// Command restart has a worker that dies of a segmentation fault in the middle
// of a call. Its supervisor replaces it, and the caller tries again.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"
	"unsafe"

	"github.com/asynkron/protoactor-go/actor"

	troupe "github.com/seed-4314ae1d/troupe/runtime"
)

// Resize asks for a smaller picture. It may be done twice without harm.
type Resize struct{ Picture string }

// Resized is its answer.
type Resized struct{ By string }

// Resizer stands for a worker that calls a library written in C.
type Resizer struct{}

func (*Resizer) Receive(ctx actor.Context) {
	m, ok := ctx.Message().(*Resize)
	if !ok {
		return
	}
	self := troupe.FromActor(ctx).Self()
	if m.Picture == "odd.png" && self.Life == 1 {
		readWhatIsNotMapped()
	}
	ctx.Respond(&Resized{By: self.String()})
}

// readWhatIsNotMapped does what broken C code does. No recover can catch it.
func readWhatIsNotMapped() {
	address := uintptr(0xdead0000)
	wild := *(**int)(unsafe.Pointer(&address))
	fmt.Println(*wild)
}

var resizer = troupe.RegisterKind("resizer", func() actor.Actor { return &Resizer{} })

func init() { troupe.RegisterMessages(new(Resize), new(Resized)) }

func main() {
	troupe.Init()
	err := troupe.Run(context.Background(), troupe.Config{Groups: []troupe.Group{{Kind: resizer}}}, resizeAll)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func resizeAll(ctx context.Context, c *troupe.Cluster) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	for _, picture := range []string{"plain.png", "odd.png", "other.png"} {
		reply, err := resize(ctx, c, picture)
		if err != nil {
			return fmt.Errorf("resize %s: %w", picture, err)
		}
		fmt.Printf("%s: done by %s\n", picture, reply.By)
	}
	return nil
}

// resize tries again for as long as the worker dies of it: the message to the
// slot waits for the replacement.
func resize(ctx context.Context, c *troupe.Cluster, picture string) (*Resized, error) {
	for {
		reply, err := troupe.Ask[*Resized](ctx, c.Slot("resizer", 1), &Resize{Picture: picture})
		if !errors.Is(err, troupe.ErrMaybeDone) {
			return reply, err
		}
		if exit := (*troupe.ExitError)(nil); errors.As(err, &exit) {
			crash, _, _ := strings.Cut(exit.Panic, "\n")
			fmt.Printf("%s: %s died: %s\n", picture, exit.Who, crash)
		}
	}
}
