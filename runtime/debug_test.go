package runtime_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	troupe "github.com/seed-4314ae1d/troupe/runtime"
)

// page gets a page and fails the test when it has not the status code.
func page(t *testing.T, pages http.Handler, path string, code int) *httptest.ResponseRecorder {
	t.Helper()
	got := httptest.NewRecorder()
	pages.ServeHTTP(got, httptest.NewRequest(http.MethodGet, path, nil))
	if got.Code != code {
		t.Fatalf("%s: %d, want %d\n%s", path, got.Code, code, got.Body)
	}
	return got
}

func TestDebugPages(t *testing.T) {
	g := brisk(puppets, 2)
	c := start(t, troupe.Config{Groups: []troupe.Group{g}})
	eventually(t, "it to tell", func() bool { return statusOf(t, c, "puppet/1").Usage.Told > 0 })
	pages := c.Debug()
	for path, wants := range map[string][]string{
		"":                           {"<!DOCTYPE html>", "puppet/1#1", "/debug/troupe/profile/heap?of=puppet%2F2%231", "group puppet", "monitor"},
		"tree":                       {"puppet/1#1", "├─", "root"},
		"status":                     {"worker", "master", "puppet/2#1"},
		"stats":                      {`"DeadLetters"`, `"puppet/1#1"`, `"Memory"`},
		"stats?of=puppet/1":          {`"master"`, `"OpenCalls"`},
		"profile/stacks":             {"goroutine ", "TestDebugPages"},
		"profile/heap?debug=1":       {"heap profile:"},
		"profile/stacks?of=puppet/1": {"goroutine ", "Init"},
		"profile/stacks?of=" + url.QueryEscape("puppet/2#1"): {"goroutine ", "Init"},
		"profile/goroutine?of=puppet/1&debug=1":              {"goroutine profile:"},
	} {
		got := page(t, pages, "/debug/troupe/"+path, http.StatusOK)
		for _, want := range wants {
			if !strings.Contains(got.Body.String(), want) {
				t.Errorf("%q is not in %q:\n%.2000s", want, path, got.Body)
			}
		}
	}
}

func TestDebugStatusAsJSON(t *testing.T) {
	c := start(t, troupe.Config{})
	got := page(t, c.Debug(), "/debug/troupe/status?format=json", http.StatusOK)
	var status struct {
		Master struct{ OSPID int }
		Groups []struct {
			Name, State, Strategy string
			Workers               []struct{ Worker, State string }
		}
	}
	if err := json.Unmarshal(got.Body.Bytes(), &status); err != nil {
		t.Fatal(err)
	}
	if len(status.Groups) != 1 || status.Groups[0].State != "ready" || status.Groups[0].Strategy != "one-for-one" ||
		len(status.Groups[0].Workers) != 2 || status.Groups[0].Workers[1].Worker != "puppet/2#1" {
		t.Errorf("it says %s", got.Body)
	}
}

// A profile of a worker is one that pprof reads, under a name of its own.
func TestDebugProfilesOfWorkers(t *testing.T) {
	c := start(t, troupe.Config{})
	pages := c.Debug()
	for _, path := range []string{"heap?of=puppet/1", "goroutine?of=puppet/2", "allocs", "cpu?of=puppet/1&seconds=1"} {
		got := page(t, pages, "/debug/troupe/profile/"+path, http.StatusOK)
		unzipped, err := gzip.NewReader(got.Body)
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		profile, err := io.ReadAll(unzipped)
		if err != nil || !bytes.Contains(profile, []byte("nanoseconds")) && !bytes.Contains(profile, []byte("count")) {
			t.Errorf("%s: %v, %d bytes", path, err, len(profile))
		}
		if name := got.Header().Get("Content-Disposition"); !strings.Contains(name, ".pb.gz") {
			t.Errorf("%s is called %s", path, name)
		}
	}
}

func TestDebugRefuses(t *testing.T) {
	c := start(t, troupe.Config{Groups: []troupe.Group{{Kind: puppets}}})
	pages := c.Debug()
	for path, code := range map[string]int{
		"other":                        http.StatusNotFound,
		"profile":                      http.StatusNotFound,
		"profile/none":                 http.StatusBadRequest,
		"profile/none?of=puppet/1":     http.StatusBadRequest,
		"profile/heap?seconds=1":       http.StatusBadRequest,
		"profile/heap?debug=3":         http.StatusBadRequest,
		"profile/heap?debug=x":         http.StatusBadRequest,
		"profile/cpu?seconds=61":       http.StatusBadRequest,
		"profile/cpu?seconds=-1":       http.StatusBadRequest,
		"profile/cpu?seconds=99999999": http.StatusBadRequest,
		"profile/heap?of=puppet/9":     http.StatusNotFound,
		"profile/heap?of=puppet":       http.StatusNotFound,
		"stats?of=../master":           http.StatusNotFound,
		"status?format=xml":            http.StatusBadRequest,
	} {
		page(t, pages, "/debug/troupe/"+path, code)
	}
	post := httptest.NewRecorder()
	pages.ServeHTTP(post, httptest.NewRequest(http.MethodPost, "/debug/troupe/tree", nil))
	if post.Code != http.StatusMethodNotAllowed {
		t.Errorf("POST: %d", post.Code)
	}
}

// However many ask, those that are not served are told so, and a worker that is
// busy with a message shows where.
func TestDebugOfOneThatHangs(t *testing.T) {
	c := start(t, troupe.Config{Groups: []troupe.Group{{Kind: puppets}}})
	if err := c.Send(t.Context(), c.Slot("puppet", 1), &block{For: 2 * time.Second}); err != nil {
		t.Fatal(err)
	}
	pages := c.Debug()
	eventually(t, "its stack", func() bool {
		got := page(t, pages, "/debug/troupe/profile/stacks?of=puppet/1", http.StatusOK)
		return strings.Contains(got.Body.String(), "receiveFailure")
	})
	codes := make(chan int, 200)
	for range cap(codes) {
		go func() {
			got := httptest.NewRecorder()
			pages.ServeHTTP(got, httptest.NewRequest(http.MethodGet, "/debug/troupe/status", nil))
			codes <- got.Code
		}()
	}
	served := 0
	for range cap(codes) {
		switch code := <-codes; code {
		case http.StatusOK:
			served++
		case http.StatusServiceUnavailable:
		default:
			t.Errorf("status code %d", code)
		}
	}
	if served < 16 {
		t.Errorf("%d were served", served)
	}
}
