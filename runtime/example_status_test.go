package runtime_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"time"

	troupe "github.com/seed-4314ae1d/troupe/runtime"
)

// Any process can ask how all of them are, and the same is there for a browser
// and for go tool pprof.
func ExampleCluster_Status() {
	troupe.Init()
	err := troupe.Run(context.Background(), troupe.Config{
		Groups: []troupe.Group{{Kind: greeter, Size: 2}},
	}, func(ctx context.Context, c *troupe.Cluster) error {
		pages := http.NewServeMux()
		pages.Handle("/debug/troupe/", c.Debug()) // serve it on localhost alone

		ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
		defer cancel()
		status, err := c.Status(ctx) // fmt.Println(status) prints a table
		if err != nil {
			return err
		}
		for _, w := range status.Groups[0].Workers {
			fmt.Println(w.Worker, w.State, "in a process of its own:", w.OSPID != os.Getpid())
		}
		return nil
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	// Output:
	// greeter/1#1 ready in a process of its own: true
	// greeter/2#1 ready in a process of its own: true
}
