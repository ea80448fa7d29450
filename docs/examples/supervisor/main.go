// Command supervisor runs a worker whose root is a supervisor: of an actor that
// runs in another worker, and of a pool whose children come and go.
package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	troupe "github.com/seed-4314ae1d/troupe/runtime"
)

type (
	Fetch struct{ Path string } // asks a site for a *Page
	Page  struct{ Text string }
	Add   struct{} // tells the index of a page
	Seen  struct{} // asks the index for a *Count
	Count struct{ Pages int }
)

// SiteArgs are what the actor of a site is made with.
type SiteArgs struct{ Host string }

// Site fetches the pages of one host, and tells the index of each.
type Site struct{ host string }

func (s *Site) Receive(ctx actor.Context) {
	m, ok := ctx.Message().(*Fetch)
	if !ok {
		return
	}
	if m.Path == "/broken" {
		panic("no such page")
	}
	c := troupe.FromActor(ctx)
	index := c.Slot("crawler", c.Self().Slot.N).Child("index")
	ctx.Send(index.PID(), &Add{})
	ctx.Respond(&Page{Text: s.host + m.Path})
}

// Index counts pages.
type Index struct{ n int }

func (i *Index) Receive(ctx actor.Context) {
	switch ctx.Message().(type) {
	case *Add:
		i.n++
	case *Seen:
		ctx.Respond(&Count{Pages: i.n})
	}
}

var (
	sites   = troupe.RegisterKindOf("site", func(args SiteArgs) actor.Actor { return &Site{host: args.Host} })
	index   = troupe.RegisterKind("index", func() actor.Actor { return &Index{} })
	crawler = troupe.RegisterSupervisor("crawler", func() troupe.SupervisorSpec {
		return troupe.SupervisorSpec{Children: []troupe.ChildSpec{
			{ID: "index", Start: index.In("index")}, // in a worker of that group
			{ID: "sites", Start: troupe.SupervisorSpec{Strategy: troupe.Dynamic}},
		}}
	})
)

func init() {
	troupe.RegisterMessages(new(Fetch), new(Page), new(Seen), new(Count), new(Add))
}

func main() {
	troupe.Init()
	err := troupe.Run(context.Background(), troupe.Config{
		Groups: []troupe.Group{
			{Kind: index}, // before the group whose supervisors have children in it
			{Kind: crawler},
		},
	}, crawl)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func crawl(ctx context.Context, c *troupe.Cluster) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	root := c.Slot("crawler", 1)
	site, err := troupe.StartChild(ctx, root.Child("sites"), troupe.ChildSpec{
		ID: "example.org", Start: sites.With(SiteArgs{"example.org"}).Here(),
	})
	if err != nil {
		return err
	}
	for _, path := range []string{"/", "/broken", "/news"} { // its PID stays, it is restarted in place
		page, err := troupe.Ask[*Page](ctx, c.Ref(site), &Fetch{path})
		if err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Println(page.Text)
	}
	seen, err := troupe.Ask[*Count](ctx, root.Child("index"), &Seen{})
	if err != nil {
		return err
	}
	fmt.Println(seen.Pages, "pages")
	fmt.Print(c.Tree().Outline())
	return nil
}
