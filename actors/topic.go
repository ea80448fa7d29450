package actors

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Bounds of topics and patterns. With them the cost of a match is bounded, too.
const (
	maxTopicLen   = 255 // bytes
	maxTopicWords = 16
)

const (
	anyWord  = "*" // in a pattern: one word
	anyWords = ">" // in a pattern, last: one or more words
)

// ErrBadTopic: a topic or a pattern is not well formed. The error is a
// *topicError.
var ErrBadTopic = errors.New("troupe: bad topic")

// topicError says what is wrong with a topic or a pattern.
type topicError struct {
	Topic   string // as given, cut to maxTopicLen bytes
	Problem string // such as "has an empty word"
}

func (e *topicError) Error() string { return fmt.Sprintf("%v: %q %s", ErrBadTopic, e.Topic, e.Problem) }

// Unwrap returns ErrBadTopic.
func (e *topicError) Unwrap() error { return ErrBadTopic }

// checkTopic returns a *topicError unless name can be published to: words
// joined by dots, of any characters but spaces, control characters, "*" and ">".
// Case matters.
func checkTopic(name string) error { return checkWords(name, checkWord) }

// checkPattern returns a *topicError unless pattern can be subscribed to: a
// topic in which "*" may stand for any one word, and ">" as the last for one or
// more words.
func checkPattern(pattern string) error { return checkWords(pattern, checkPatternWord) }

// checkWords judges the form of text, and each of its words by check, which
// returns what is wrong with it, or "".
func checkWords(text string, check func(word string, last bool) string) error {
	if len(text) > maxTopicLen {
		return &topicError{Topic: text[:maxTopicLen], Problem: fmt.Sprintf("has %d bytes, more than %d", len(text), maxTopicLen)}
	}
	if text == "" {
		return &topicError{Problem: "is empty"}
	}
	words := 0
	for rest, more := text, true; more; words++ {
		var word string
		word, rest, more = strings.Cut(rest, ".")
		if problem := check(word, !more); problem != "" {
			return &topicError{Topic: text, Problem: problem}
		}
	}
	if words > maxTopicWords {
		return &topicError{Topic: text, Problem: fmt.Sprintf("has %d words, more than %d", words, maxTopicWords)}
	}
	return nil
}

func checkPatternWord(word string, last bool) string {
	switch {
	case word == anyWord, word == anyWords && last:
		return ""
	case word == anyWords:
		return `has ">" before its end`
	case strings.ContainsAny(word, anyWord+anyWords):
		return "has a wildcard within a word"
	}
	return checkWord(word, last)
}

func checkWord(word string, _ bool) string {
	switch {
	case word == "":
		return "has an empty word"
	case strings.ContainsAny(word, anyWord+anyWords):
		return "has a wildcard, which only a pattern may have"
	case !utf8.ValidString(word):
		return "is not valid UTF-8"
	case strings.ContainsFunc(word, unicode.IsSpace):
		return "has a space"
	case strings.ContainsFunc(word, unicode.IsControl):
		return "has a control character"
	}
	return ""
}

// hasWildcard reports whether a checked pattern matches more than its own name.
func hasWildcard(pattern string) bool { return strings.ContainsAny(pattern, anyWord+anyWords) }
