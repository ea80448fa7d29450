package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// fixedAnswers answer what they are made to.
type fixedAnswers struct{ err error }

func (a fixedAnswers) Count(_ context.Context, word string) (int, error) { return len(word), a.err }

func (a fixedAnswers) Top(_ context.Context, n int) ([]Name, error) { return []Name{{"x", n}}, a.err }

func (a fixedAnswers) Reindex(_ context.Context, file string) (*Reindexed, error) {
	return &Reindexed{Identifiers: len(file), Changed: 2}, a.err
}

func ask(a answers, method, target string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	handler(a, page{"web/1#2", 77}).ServeHTTP(w, httptest.NewRequest(method, target, nil))
	return w
}

func TestHandlerAnswers(t *testing.T) {
	for _, tt := range []struct{ method, target, want string }{
		{"GET", "/count?word=err", `{"word":"err","count":3,"worker":"web/1#2","pid":77}`},
		{"GET", "/count?word=gr%C3%B6%C3%9Fe", `{"word":"größe","count":7,"worker":"web/1#2","pid":77}`},
		{"GET", "/top?n=4", `{"top":[{"name":"x","count":4}],"worker":"web/1#2","pid":77}`},
		{"GET", "/top", `{"top":[{"name":"x","count":10}],"worker":"web/1#2","pid":77}`},
		{"POST", "/reindex?file=a/b.go", `{"file":"a/b.go","identifiers":6,"changed":2,"worker":"web/1#2","pid":77}`},
	} {
		w := ask(fixedAnswers{}, tt.method, tt.target)
		if got := strings.TrimSpace(w.Body.String()); w.Code != http.StatusOK || got != tt.want {
			t.Errorf("%s %s: %d %s\nwant %s", tt.method, tt.target, w.Code, got, tt.want)
		}
	}
}

func TestHandlerRefuses(t *testing.T) {
	for _, tt := range []struct {
		method, target string
		want           int
	}{
		{"GET", "/count", http.StatusBadRequest},
		{"GET", "/count?word=", http.StatusBadRequest},
		{"GET", "/count?word=" + strings.Repeat("x", maxWord+1), http.StatusBadRequest},
		{"GET", "/top?n=0", http.StatusBadRequest},
		{"GET", "/top?n=-3", http.StatusBadRequest},
		{"GET", "/top?n=1001", http.StatusBadRequest},
		{"GET", "/top?n=ten", http.StatusBadRequest},
		{"GET", "/top?n=99999999999999999999", http.StatusBadRequest},
		{"POST", "/reindex", http.StatusBadRequest},
		{"POST", "/reindex?file=" + strings.Repeat("x", maxPath+1), http.StatusBadRequest},
		{"GET", "/reindex?file=a.go", http.StatusMethodNotAllowed},
		{"POST", "/count?word=a", http.StatusMethodNotAllowed},
		{"GET", "/", http.StatusNotFound},
	} {
		if w := ask(fixedAnswers{}, tt.method, tt.target); w.Code != tt.want {
			t.Errorf("%s %.60s: %d, want %d", tt.method, tt.target, w.Code, tt.want)
		}
	}
}

func TestHandlerTellsWhyInTheStatus(t *testing.T) {
	for _, tt := range []struct {
		err  error
		want int
	}{
		{refuse(busy, "not yet"), http.StatusServiceUnavailable},
		{fmt.Errorf("asked: %w", refuse(unknown, "no such file")), http.StatusNotFound},
		{&Refusal{Status: 7}, http.StatusInternalServerError},
		{context.DeadlineExceeded, http.StatusGatewayTimeout},
		{errors.New("the master is gone"), http.StatusBadGateway},
	} {
		w := ask(fixedAnswers{tt.err}, "POST", "/reindex?file=a.go")
		var said errorPage
		if err := json.Unmarshal(w.Body.Bytes(), &said); err != nil || said.Error != tt.err.Error() || said.Worker != "web/1#2" {
			t.Errorf("%v: said %s, %v", tt.err, w.Body, err)
		}
		if w.Code != tt.want || (w.Header().Get("Retry-After") != "") != (tt.want == http.StatusServiceUnavailable) {
			t.Errorf("%v: %d, headers %v, want %d", tt.err, w.Code, w.Header(), tt.want)
		}
	}
}
