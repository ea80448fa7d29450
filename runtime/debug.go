package runtime

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/seed-4314ae1d/troupe/actors"
)

// debugPath is where the pages of [Cluster.Debug] are.
const debugPath = "/debug/troupe/"

// Bounds of the pages.
const (
	debugAtOnce = 16               // requests; more are refused with 503
	debugWait   = 10 * time.Second // for the answers to one, beside the time that a profile looks
)

// Debug returns pages that show the cluster, from any process:
//
//	/debug/troupe/                  the tree and the status, with links to the rest
//	/debug/troupe/tree              the supervision tree, as text
//	/debug/troupe/status            a table of all workers; as JSON with ?format=json
//	/debug/troupe/stats             the counts of a process, as JSON
//	/debug/troupe/profile/NAME      a profile of a process
//
// The last two take of=ADDRESS: "master", which is the default, a slot such as
// "greeter/1" or a life such as "greeter/1%234". NAME is "cpu", which takes
// seconds=N, 5 by default and at most 60; "stacks", the stacks of all goroutines
// as text; or a name that runtime/pprof knows, which takes debug=1 or 2 for text:
//
//	go tool pprof 'http://localhost:6060/debug/troupe/profile/heap?of=greeter/1'
//
// Mount it as mux.Handle("/debug/troupe/", c.Debug()). It asks for no password,
// and a profile costs the process that it is of some time: serve it on the
// loopback interface, or behind whatever keeps strangers out. It changes
// nothing. At most 16 requests are served at a time, no answer is waited for
// longer than 10 s and the time that a profile looks, and a profile has at most
// 8 MiB.
func (c *Cluster) Debug() http.Handler {
	d := &debugPages{c: c, turns: make(chan struct{}, debugAtOnce)}
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+debugPath+"{$}", d.page(d.index))
	mux.HandleFunc("GET "+debugPath+"tree", d.page(d.tree))
	mux.HandleFunc("GET "+debugPath+"status", d.page(d.status))
	mux.HandleFunc("GET "+debugPath+"stats", d.page(d.stats))
	mux.HandleFunc("GET "+debugPath+"profile/{name}", d.page(d.profile))
	return mux
}

type debugPages struct {
	c     *Cluster
	turns chan struct{} // holds one for each request under way
}

// content is what a page shows.
type content struct {
	kind string // its media type
	file string // to be saved as; "": it is shown
	body []byte
}

// text is a page for people.
func text(body string) content {
	return content{kind: "text/plain; charset=utf-8", body: []byte(body)}
}

// page serves what show returns.
func (d *debugPages) page(show func(*http.Request) (content, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		select {
		case d.turns <- struct{}{}:
			defer func() { <-d.turns }()
		default:
			http.Error(w, "too many requests at a time", http.StatusServiceUnavailable)
			return
		}
		shown, err := show(r)
		if err != nil {
			http.Error(w, err.Error(), statusCode(err))
			return
		}
		h := w.Header()
		h.Set("Content-Type", shown.kind)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Cache-Control", "no-store")
		h.Set("Content-Length", strconv.Itoa(len(shown.body)))
		if shown.file != "" {
			h.Set("Content-Disposition", fmt.Sprintf("attachment; filename=%q", shown.file))
		}
		_, _ = w.Write(shown.body) // whoever asked is gone
	}
}

// badQuery is a fault of the request.
type badQuery string

func (e badQuery) Error() string { return string(e) }

// statusCode is what an error means to a browser.
func statusCode(err error) int {
	switch {
	case errors.As(err, new(badQuery)), errors.As(err, new(*actors.ProfileError)):
		return http.StatusBadRequest
	case errors.Is(err, actors.ErrNoActor):
		return http.StatusNotFound
	case errors.Is(err, actors.ErrOverflow), errors.Is(err, actors.ErrDraining):
		return http.StatusServiceUnavailable
	case errors.Is(err, context.DeadlineExceeded):
		return http.StatusGatewayTimeout
	}
	return http.StatusBadGateway
}

func (d *debugPages) tree(*http.Request) (content, error) { return text(d.c.Tree().String()), nil }

func (d *debugPages) status(r *http.Request) (content, error) {
	status, err := d.ask(r)
	if err != nil {
		return content{}, err
	}
	switch format := r.URL.Query().Get("format"); format {
	case "":
		return text(status.String()), nil
	case "json":
		return asJSON(status)
	default:
		return content{}, badQuery(fmt.Sprintf("format is %q, want json or nothing", format))
	}
}

func (d *debugPages) ask(r *http.Request) (*ClusterStatus, error) {
	ctx, cancel := context.WithTimeout(r.Context(), debugWait)
	defer cancel()
	return d.c.Status(ctx)
}

func (d *debugPages) stats(r *http.Request) (content, error) {
	ctx, cancel := context.WithTimeout(r.Context(), debugWait)
	defer cancel()
	stats, err := d.c.StatsOf(ctx, whose(r))
	if err != nil {
		return content{}, err
	}
	return asJSON(stats)
}

func asJSON(value any) (content, error) {
	body, err := json.MarshalIndent(value, "", "  ")
	return content{kind: "application/json", body: append(body, '\n')}, err
}

// whose is the address that a request is about.
func whose(r *http.Request) string {
	if of := r.URL.Query().Get("of"); of != "" {
		return of
	}
	return masterAddress
}

func (d *debugPages) profile(r *http.Request) (content, error) {
	seconds, err := number(r, "seconds")
	if err != nil {
		return content{}, err
	}
	debug, err := number(r, "debug")
	if err != nil {
		return content{}, err
	}
	req := ProfileRequest{Name: r.PathValue("name"), For: time.Duration(seconds) * time.Second, Debug: debug}
	wait := debugWait
	if req.Name == ProfileCPU {
		wait += max(req.For, actors.DefaultProfileFor)
	}
	ctx, cancel := context.WithTimeout(r.Context(), wait)
	defer cancel()
	got, err := d.c.Profile(ctx, whose(r), req)
	if err != nil {
		return content{}, err
	}
	return profilePage(got), nil
}

// number is a small count in a query; 0 when it is missing.
func number(r *http.Request, key string) (int, error) {
	value := r.URL.Query().Get(key)
	if value == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(value)
	if most := int(actors.MaxProfileFor.Seconds()); err != nil || n < 0 || n > most {
		return 0, badQuery(fmt.Sprintf("%s is %q, want a number from 0 to %d", key, value, most))
	}
	return n, nil
}

func profilePage(p *Profile) content {
	if !p.Text {
		who := strings.NewReplacer("/", "-", "#", "-").Replace(p.Who)
		return content{kind: "application/octet-stream", file: p.Name + "." + who + ".pb.gz", body: p.Data}
	}
	page := content{kind: "text/plain; charset=utf-8", body: p.Data}
	if p.Cut {
		page.body = append(page.body, "\n… there is more\n"...)
	}
	return page
}

// index shows the whole, and leads to the parts.
func (d *debugPages) index(r *http.Request) (content, error) {
	status, err := d.ask(r)
	if err != nil {
		return content{}, err
	}
	var b strings.Builder
	b.WriteString("<!DOCTYPE html><title>troupe</title>\n<p>" + link("tree", "tree") + " " + link("status", "status") + " " +
		link("status as JSON", "status?format=json") + "\n<pre>" + html.EscapeString(status.String()) + "</pre>\n")
	profileLinks(&b, masterAddress)
	for _, g := range status.Groups {
		for _, w := range g.Workers {
			if w.Worker != "" {
				profileLinks(&b, w.Worker)
			}
		}
	}
	b.WriteString("<pre>" + html.EscapeString(d.c.Tree().String()) + "</pre>\n")
	return content{kind: "text/html; charset=utf-8", body: []byte(b.String())}, nil
}

// profileLinks is a line of links to what a process can show.
func profileLinks(b io.StringWriter, address string) {
	of := "?of=" + url.QueryEscape(address)
	_, _ = b.WriteString("<p>" + html.EscapeString(address) + ": " + link("stats", "stats"+of)) // to a Builder
	for _, name := range []string{ProfileStacks, ProfileCPU, "heap", "goroutine", "allocs", "threadcreate", "block", "mutex"} {
		_, _ = b.WriteString(" " + link(name, "profile/"+name+of))
	}
	_, _ = b.WriteString("\n")
}

func link(what, path string) string {
	return `<a href="` + html.EscapeString(debugPath+path) + `">` + html.EscapeString(what) + "</a>"
}
