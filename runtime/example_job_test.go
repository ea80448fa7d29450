package runtime_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	troupe "github.com/seed-4314ae1d/troupe/runtime"
)

// Page is what is to be counted.
type Page struct{ Text string }

// Words is how many words it has.
type Words struct{ N int }

var counting = troupe.RegisterFunc("counting", func(ctx context.Context, page *Page) (*Words, error) {
	job, _ := troupe.JobFrom(ctx)
	switch {
	case page.Text == "":
		return nil, troupe.Quarantine(errors.New("nothing to count")) // no retry will help
	case page.Text == "busy" && job.Attempt == 1:
		return nil, troupe.RetryIn(10*time.Millisecond, errors.New("busy"))
	}
	return &Words{N: len(strings.Fields(page.Text))}, nil
})

func ExampleFunc_Submit() {
	troupe.Init()
	err := troupe.Run(context.Background(), troupe.Config{
		Groups: []troupe.Group{{Kind: counting.Kind, Size: 2}},
	}, func(ctx context.Context, c *troupe.Cluster) error {
		// Done once more when its worker dies, or it fails; its id makes it safe to
		// submit twice.
		words, err := counting.SubmitJob(ctx, c, &Page{"to be or not to be"}, troupe.JobOptions{ID: "hamlet"})
		if err != nil {
			return err
		}
		fmt.Println(words.N)

		// Many, four at a time, in order.
		pages := slices.Values([]*Page{{"one"}, {"busy"}, {"and two more"}})
		for words, err := range counting.Map(ctx, c, pages, 4) {
			fmt.Println(words.N, err)
		}

		var quarantined *troupe.JobQuarantinedError
		if _, err = counting.SubmitJob(ctx, c, &Page{}, troupe.JobOptions{ID: "empty"}); errors.As(err, &quarantined) {
			fmt.Println(quarantined.Reasons[0])
			return c.Jobs("counting").Discard(ctx, "empty")
		}
		return err
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	// Output:
	// 6
	// 1 <nil>
	// 1 <nil>
	// 3 <nil>
	// failed: nothing to count
}
