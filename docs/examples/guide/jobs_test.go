package guide_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	troupe "github.com/seed-4314ae1d/troupe/runtime"
)

var errBusy = errors.New("the printer is busy")

// Page is what is to be printed, Sheet what comes of it.
type (
	Page  struct{ Name string }
	Sheet struct{ Text string }
)

var printed = troupe.RegisterFunc("printed", func(ctx context.Context, page Page) (*Sheet, error) {
	job, _ := troupe.JobFrom(ctx)
	switch {
	case page.Name == "torn" && !job.Redelivered:
		os.Exit(3) // the worker dies with the job in its hands
	case page.Name == "poison":
		os.Exit(4) // and this one kills every worker that gets it
	case page.Name == "late" && job.Attempt == 1:
		return nil, troupe.RetryIn(10*time.Millisecond, errBusy)
	}
	return &Sheet{fmt.Sprintf("%s, attempt %d", page.Name, job.Attempt)}, nil
})

// A job is done, whoever dies meanwhile; one that kills its workers is put aside.
func Example_jobs() {
	run(func(ctx context.Context, c *troupe.Cluster) error {
		for _, name := range []string{"plain", "late", "torn"} {
			sheet, err := printed.Submit(ctx, c, Page{name})
			if err != nil {
				return err
			}
			fmt.Println(sheet.Text)
		}
		_, err := printed.SubmitJob(ctx, c, Page{"poison"}, troupe.JobOptions{ID: "page 7", Priority: 1})
		guilty := (*troupe.JobQuarantinedError)(nil)
		fmt.Println("poison:", errors.As(err, &guilty))
		list, err := c.Jobs("printed").Quarantine(ctx, 0, 10)
		if err != nil {
			return err
		}
		for _, job := range list.Jobs {
			fmt.Println(job.ID, "was in the hands of", len(job.Reasons), "workers that died of it")
		}
		return nil
	}, troupe.Group{Kind: printed.Kind, Size: 2})
	// Output:
	// plain, attempt 1
	// late, attempt 2
	// torn, attempt 2
	// poison: true
	// page 7 was in the hands of 3 workers that died of it
}

// Map submits one job for each input, so many at a time, and yields in order.
func Example_map() {
	run(func(ctx context.Context, c *troupe.Cluster) error {
		pages := slices.Values([]Page{{"one"}, {"two"}, {"three"}})
		for sheet, err := range printed.Map(ctx, c, pages, 8) {
			fmt.Println(sheet.Text, err)
		}
		return nil
	}, troupe.Group{Kind: printed.Kind, Size: 2})
	// Output:
	// one, attempt 1 <nil>
	// two, attempt 1 <nil>
	// three, attempt 1 <nil>
}
