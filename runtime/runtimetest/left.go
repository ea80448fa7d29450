package runtimetest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"go.uber.org/goleak"
)

// leftover is what a process has: taken before a test, it is compared with
// what there is after it.
type leftover struct {
	goroutines  goleak.Option     // those of before
	children    map[int]string    // running or not waited for: their names, by pid
	descriptors map[string]string // what they are, by number
}

// throttle is a goroutine that protoactor starts for a dead letter; it ends by
// itself within a second, and does nothing.
const throttle = "github.com/asynkron/protoactor-go/actor.NewThrottleWithLogger"

func countLeft() leftover {
	warmUp()
	return leftover{goroutines: goleak.IgnoreCurrent(), children: children(), descriptors: descriptors()}
}

// leftWait is how long something may take to end after its cluster has.
const leftWait = 5 * time.Second

// left returns what there is and was not before, once it has had a while to
// end; "" when that is nothing.
func (before leftover) left(wait time.Duration) (text string) {
	w := actual
	w.patience = wait
	w.await(func() bool {
		text = before.now()
		return text == ""
	}, never)
	return text
}

func (before leftover) now() string {
	var b strings.Builder
	added(&b, "process", before.children, children())
	added(&b, "descriptor", before.descriptors, descriptors())
	if b.Len() > 0 {
		return b.String()
	}
	err := goleak.Find(before.goroutines, goleak.IgnoreAnyFunction(throttle+".func1.1"), goleak.IgnoreAnyFunction(throttle+".func2.1"))
	if err != nil {
		fmt.Fprintln(&b, err)
	}
	return b.String()
}

// added writes what is new.
func added[K interface{ ~int | ~string }](b *strings.Builder, what string, before, now map[K]string) {
	for _, key := range slices.Sorted(maps.Keys(now)) {
		if old, known := before[key]; !known || old != now[key] {
			fmt.Fprintf(b, "%s %v: %s\n", what, key, now[key])
		}
	}
}
