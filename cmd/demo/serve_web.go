package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	troupe "github.com/seed-4314ae1d/troupe/runtime"
)

const webGroup = "web"

// WebArgs are what a web worker is started with.
type WebArgs struct{ Addr string } // to listen on, as host:port in numbers

var web = troupe.RegisterKindOf(webGroup, func(a *WebArgs) actor.Actor { return &webServer{addr: a.Addr} })

// webServer is a web worker: it is ready when it listens, and when it is asked to
// stop it finishes the requests that it has.
type webServer struct {
	addr    string
	server  *http.Server
	serving sync.WaitGroup
}

// drainWithin is how long open requests may take while the worker stops: less
// than the group's DrainTimeout.
const drainWithin = 8 * time.Second

func (s *webServer) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case *actor.Started:
		if err := s.start(ctx); err != nil {
			troupe.Exit(ctx, troupe.Reason{Kind: troupe.ReasonFailed, Err: err})
		}
	case *actor.Stopping, *actor.Restarting:
		s.stop()
	case error: // the server ended by itself
		troupe.Exit(ctx, troupe.Reason{Kind: troupe.ReasonFailed, Err: m})
	}
}

func (s *webServer) start(ctx actor.Context) error {
	c := troupe.FromActor(ctx)
	answers, err := openAnswers(c)
	if err != nil {
		return err
	}
	listener, err := listenShared(context.Background(), s.addr)
	if err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	s.server = &http.Server{
		Handler:           handler(answers, page{c.Address(), os.Getpid()}),
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       time.Minute,
		MaxHeaderBytes:    64 << 10,
	}
	root, self := ctx.ActorSystem().Root, ctx.Self()
	s.serving.Go(func() {
		if err := s.server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			root.Send(self, err)
		}
	})
	return nil
}

// stop finishes the requests that are open, and closes the rest.
func (s *webServer) stop() {
	if s.server == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), drainWithin)
	defer cancel()
	if s.server.Shutdown(ctx) != nil {
		_ = s.server.Close()
	}
	s.serving.Wait()
	s.server = nil
}

// cachedAnswers asks the index in the master, and remembers.
type cachedAnswers struct {
	index  troupe.Ref
	counts *troupe.Cache[int]
	tops   *troupe.Cache[[]Name]
}

// Names of the two caches.
const (
	countCache = "demo.counts" // by word
	topCache   = "demo.tops"   // by how many
)

func openAnswers(c *troupe.Cluster) (*cachedAnswers, error) {
	counts, err := troupe.OpenCache[int](c, countCache, troupe.CacheOptions{})
	if err != nil {
		return nil, err
	}
	tops, err := troupe.OpenCache[[]Name](c, topCache, troupe.CacheOptions{})
	if err != nil {
		return nil, err
	}
	return &cachedAnswers{index: indexIn(c), counts: counts, tops: tops}, nil
}

func (a *cachedAnswers) Count(ctx context.Context, word string) (int, error) {
	return a.counts.Get(ctx, word, func(ctx context.Context) (int, error) {
		reply, err := troupe.Ask[*CountReply](ctx, a.index, &CountQuery{word})
		if err != nil {
			return 0, err
		}
		return reply.Count, nil
	})
}

func (a *cachedAnswers) Top(ctx context.Context, n int) ([]Name, error) {
	return a.tops.Get(ctx, strconv.Itoa(n), func(ctx context.Context) ([]Name, error) {
		reply, err := troupe.Ask[*TopReply](ctx, a.index, &TopQuery{n})
		if err != nil {
			return nil, err
		}
		return reply.Top, nil
	})
}

// forget makes every web worker forget the counts of names, or of all, and what
// the commonest are.
func (a *cachedAnswers) forget(ctx context.Context, names []string, all bool) error {
	if all {
		return errors.Join(a.counts.InvalidatePrefix(ctx, ""), a.tops.InvalidatePrefix(ctx, ""))
	}
	names = slices.DeleteFunc(names, func(name string) bool { return len(name) > maxWord }) // nobody could ask
	return errors.Join(a.counts.Invalidate(ctx, names...), a.tops.InvalidatePrefix(ctx, ""))
}

func (a *cachedAnswers) Reindex(ctx context.Context, file string) (*Reindexed, error) {
	return troupe.Ask[*Reindexed](ctx, a.index, &Reindex{file})
}
