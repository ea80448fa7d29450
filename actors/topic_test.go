package actors

import (
	"errors"
	"strings"
	"testing"
)

func TestTopicsAndPatterns(t *testing.T) {
	long := strings.Repeat("a", maxTopicLen)
	deep := strings.Repeat("a.", maxTopicWords-1) + "a"
	const fine = ""
	for _, c := range []struct{ text, topic, pattern string }{ // what is wrong with it
		{"orders", fine, fine},
		{"orders.7.created", fine, fine},
		{"Orders/7:é-_#日本", fine, fine},
		{long, fine, fine},
		{deep, fine, fine},
		{"*", "has a wildcard, which only a pattern may have", fine},
		{">", "has a wildcard, which only a pattern may have", fine},
		{"a.*.c", "has a wildcard, which only a pattern may have", fine},
		{"*.*.>", "has a wildcard, which only a pattern may have", fine},
		{"a.>", "has a wildcard, which only a pattern may have", fine},
		{"a.>.c", "has a wildcard, which only a pattern may have", `has ">" before its end`},
		{">.>", "has a wildcard, which only a pattern may have", `has ">" before its end`},
		{"a.b*", "has a wildcard, which only a pattern may have", "has a wildcard within a word"},
		{"a.**", "has a wildcard, which only a pattern may have", "has a wildcard within a word"},
		{"a.b>", "has a wildcard, which only a pattern may have", "has a wildcard within a word"},
		{"", "is empty", "is empty"},
		{".", "has an empty word", "has an empty word"},
		{".a", "has an empty word", "has an empty word"},
		{"a.", "has an empty word", "has an empty word"},
		{"a..b", "has an empty word", "has an empty word"},
		{"a b", "has a space", "has a space"},
		{"a\u00a0b", "has a space", "has a space"},
		{"a\u2028b", "has a space", "has a space"},
		{"a\x00", "has a control character", "has a control character"},
		{"a.\x7f", "has a control character", "has a control character"},
		{"a\x1b[2J", "has a control character", "has a control character"},
		{"a\xff", "is not valid UTF-8", "is not valid UTF-8"},
		{long + "a", "has 256 bytes, more than 255", "has 256 bytes, more than 255"},
		{deep + ".a", "has 17 words, more than 16", "has 17 words, more than 16"},
	} {
		if got := problemOf(t, checkTopic(c.text)); got != c.topic {
			t.Errorf("topic %q %q, want %q", c.text, got, c.topic)
		}
		if got := problemOf(t, checkPattern(c.text)); got != c.pattern {
			t.Errorf("pattern %q %q, want %q", c.text, got, c.pattern)
		}
	}
}

// problemOf returns what a *topicError says, "" for nil, and fails on others.
func problemOf(t *testing.T, err error) string {
	t.Helper()
	if err == nil {
		return ""
	}
	var bad *topicError
	if !errors.As(err, &bad) || !errors.Is(err, ErrBadTopic) {
		t.Fatalf("error %v, want a topicError", err)
	}
	return bad.Problem
}

func TestTopicErrorIsShort(t *testing.T) {
	err := checkTopic(strings.Repeat("\x00", 1<<20))
	if n := len(err.Error()); n > 5*maxTopicLen {
		t.Errorf("the error has %d bytes", n)
	}
	if got, want := checkTopic("a..b").Error(), `troupe: bad topic: "a..b" has an empty word`; got != want {
		t.Errorf("error %q, want %q", got, want)
	}
}

func FuzzCheckTopic(f *testing.F) {
	for _, seed := range []string{"a.b", "a..b", "a.*", "a.>", "> .a", ">.", ">.a", "\xff", strings.Repeat("a.", 200)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		topic, pattern := checkTopic(text) == nil, checkPattern(text) == nil
		if topic && (!pattern || hasWildcard(text)) {
			t.Errorf("topic %q is no pattern, or has wildcards", text)
		}
		if pattern && !topic && !hasWildcard(text) {
			t.Errorf("pattern %q without wildcards is no topic", text)
		}
		var s subscriptions // unchecked text finds nothing wrong, and leaves nothing behind
		var m matches
		s.add(text, "someone", "")
		s.match(text, "", &m)
		if topic && len(m.direct) != 1 {
			t.Errorf("topic %q has %d subscribers, want 1", text, len(m.direct))
		}
		s.removeAll("someone")
		checkEmpty(t, &s)
	})
}
