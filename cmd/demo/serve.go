package main

import (
	"context"
	"fmt"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	troupe "github.com/seed-4314ae1d/troupe/runtime"
)

const indexID = "index"

// serveOn adds to the cluster what -serve needs: the index, an actor in the
// master, and workers that ask it and listen on addr.
func serveOn(config *troupe.Config, addr netip.AddrPort, workers int) {
	config.Children = append(config.Children, troupe.ChildSpec{
		ID:    indexID,
		Start: troupe.Local(func() actor.Actor { return &indexer{} }),
		// It has nothing to begin again with: the whole cluster would have to count.
		Decide: func(error) troupe.Directive { return troupe.DirectiveEscalate },
	})
	config.Groups = append(config.Groups, troupe.Group{
		Kind: web, Args: &WebArgs{Addr: addr.String()}, Size: workers,
		Backoff: config.Groups[0].Backoff,
	})
	for i := range config.Groups { // they are there to be killed
		config.Groups[i].Intensity.MaxRestarts += 100 * workers
		config.Groups[i].Intensity.Period = 10 * time.Second
	}
}

// indexIn is the index of a cluster, from any process.
func indexIn(c *troupe.Cluster) troupe.Ref { return c.Master().Child(indexID) }

// serve keeps the index up until ctx ends.
func (j *job) serve(ctx context.Context, c *troupe.Cluster, f *foreman) error {
	if !j.json {
		fmt.Fprint(j.stdout, j.invitation(c.Tree()))
	}
	f.Watch(ctx)
	return nil
}

// invitation is the tree, and lines to paste.
func (j *job) invitation(tree *troupe.Node) string {
	var b strings.Builder
	at := j.port.Addr()
	fmt.Fprintf(&b, "\nServing on %v with %s, until interrupted\n\n%v\n", at, plural(j.workers, "web worker"), toWorkers(tree))
	fmt.Fprintf(&b, "Kill one, and ask the others:\n\n")
	if pid := workerPID(tree, webGroup); pid != 0 {
		fmt.Fprintf(&b, "  kill -9 %d\n", pid)
	}
	base := "http://" + reachable(at).String()
	fmt.Fprintf(&b, "  curl '%s/count?word=%s'\n", base, url.QueryEscape(j.commonest()))
	fmt.Fprintf(&b, "  curl '%s/top?n=3'\n", base)
	if len(j.listing.Files) > 0 {
		fmt.Fprintf(&b, "  curl -X POST '%s/reindex?file=%s'\n", base, queryPath(j.listing.Files[0].Name))
	}
	return b.String() + "\n"
}

// queryPath escapes a path for a query, and leaves it legible.
func queryPath(path string) string {
	return strings.ReplaceAll(url.QueryEscape(path), "%2F", "/")
}

func (j *job) commonest() string {
	if len(j.report.Top) == 0 {
		return "err"
	}
	return j.report.Top[0].Name
}

// reachable is where a client on this machine finds what listens on an address.
func reachable(at netip.AddrPort) netip.AddrPort {
	if !at.Addr().IsUnspecified() {
		return at
	}
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), at.Port())
}

// toWorkers cuts off what is inside the workers.
func toWorkers(n *troupe.Node) *troupe.Node {
	cut := *n
	cut.Children = nil
	if n.Type != troupe.ChildWorker {
		for _, child := range n.Children {
			cut.Children = append(cut.Children, toWorkers(child))
		}
	}
	return &cut
}

// workerPID finds the first process of a group in the tree; 0: none.
func workerPID(n *troupe.Node, group string) int {
	if n.Type == troupe.ChildWorker && strings.HasPrefix(n.Incarnation, group+"/") {
		return n.OSPID
	}
	for _, child := range n.Children {
		if pid := workerPID(child, group); pid != 0 {
			return pid
		}
	}
	return 0
}
