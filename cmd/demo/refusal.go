package main

import "fmt"

// A Refusal is an answer that is none, as it travels and as HTTP has it.
type Refusal struct {
	Status int // of HTTP
	Text   string
}

func (r *Refusal) Error() string { return r.Text }

// Why a question is refused.
const (
	malformed  = 400
	outside    = 400
	unknown    = 404
	unreadable = 422
	busy       = 503
)

func refuse(status int, format string, args ...any) *Refusal {
	return &Refusal{Status: status, Text: fmt.Sprintf(format, args...)}
}
