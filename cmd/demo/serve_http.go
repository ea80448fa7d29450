package main

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"time"
)

// answers is the index as the web has it.
type answers interface {
	Count(ctx context.Context, word string) (int, error)
	Top(ctx context.Context, n int) ([]Name, error)
	Reindex(ctx context.Context, file string) (*Reindexed, error)
}

// Bounds of what is asked over HTTP.
const (
	maxWord      = 1 << 10 // bytes
	maxPath      = 4 << 10
	answerWithin = 60 * time.Second
)

// page is what every answer says of itself, beside what was asked.
type page struct {
	Worker string `json:"worker"` // who answers
	PID    int    `json:"pid"`
}

type countPage struct {
	Word  string `json:"word"`
	Count int    `json:"count"`
	page
}

type topPage struct {
	Top []Name `json:"top"`
	page
}

type reindexPage struct {
	File        string `json:"file"`
	Identifiers int    `json:"identifiers"`
	Changed     int    `json:"changed"`
	page
}

type errorPage struct {
	Error string `json:"error"`
	page
}

// handler serves the three questions, and says with each answer who gave it.
func handler(a answers, self page) http.Handler {
	mux := http.NewServeMux()
	serve := func(pattern string, answer func(*http.Request) (any, error)) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			ctx, cancel := context.WithTimeout(r.Context(), answerWithin)
			defer cancel()
			reply, err := answer(r.WithContext(ctx))
			if err != nil {
				write(w, statusOf(err), errorPage{err.Error(), self})
				return
			}
			write(w, http.StatusOK, reply)
		})
	}
	serve("GET /count", func(r *http.Request) (any, error) { return getCount(a, r, self) })
	serve("GET /top", func(r *http.Request) (any, error) { return getTop(a, r, self) })
	serve("POST /reindex", func(r *http.Request) (any, error) { return postReindex(a, r, self) })
	return mux
}

func getCount(a answers, r *http.Request, self page) (any, error) {
	word := r.URL.Query().Get("word")
	if word == "" || len(word) > maxWord {
		return nil, refuse(malformed, "want /count?word=W, of at most %d bytes", maxWord)
	}
	n, err := a.Count(r.Context(), word)
	return countPage{word, n, self}, err
}

func getTop(a answers, r *http.Request, self page) (any, error) {
	n := 10
	if text := r.URL.Query().Get("n"); text != "" {
		var err error
		if n, err = strconv.Atoi(text); err != nil || n < 1 || n > maxTop {
			return nil, refuse(malformed, "want /top?n=N, from 1 to %d", maxTop)
		}
	}
	top, err := a.Top(r.Context(), n)
	return topPage{top, self}, err
}

func postReindex(a answers, r *http.Request, self page) (any, error) {
	file := r.URL.Query().Get("file")
	if file == "" || len(file) > maxPath {
		return nil, refuse(malformed, "want /reindex?file=F, a path below the root")
	}
	done, err := a.Reindex(r.Context(), file)
	if err != nil {
		return nil, err
	}
	return reindexPage{file, done.Identifiers, done.Changed, self}, nil
}

// statusOf is the HTTP status of an error.
func statusOf(err error) int {
	var refusal *Refusal
	switch {
	case errors.As(err, &refusal) && refusal.Status >= 400 && refusal.Status < 600:
		return refusal.Status
	case errors.Is(err, context.DeadlineExceeded):
		return http.StatusGatewayTimeout
	case errors.As(err, &refusal):
		return http.StatusInternalServerError
	}
	return http.StatusBadGateway
}

// write sends a page. A client that has gone is no error of ours.
func write(w http.ResponseWriter, status int, page any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store") // caches further out are not told of changes
	if status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", "1")
	}
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(page)
}
