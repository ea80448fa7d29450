package actors

import (
	"fmt"
	"strconv"
	"strings"
)

// Slot is a stable place in a group, numbered from 1.
type Slot struct {
	Group string
	N     int
}

func (s Slot) String() string { return s.Group + "/" + strconv.Itoa(s.N) }

// Incarnation is one life of one process in a slot. Lives are numbered from 1
// and never used twice within a cluster.
type Incarnation struct {
	Slot Slot
	Life int
}

func (i Incarnation) String() string { return i.Slot.String() + "#" + strconv.Itoa(i.Life) }

// ValidGroup reports whether name can name a group: ASCII letters, digits and
// "_.-", beginning with a letter, and not "master", which is an address.
func ValidGroup(name string) bool {
	if name == "" || name == "master" || !isLetter(name[0]) {
		return false
	}
	for i := range len(name) {
		if c := name[i]; !isLetter(c) && !isDigit(c) && !strings.ContainsRune("_.-", rune(c)) {
			return false
		}
	}
	return true
}

func isLetter(c byte) bool { return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' }
func isDigit(c byte) bool  { return '0' <= c && c <= '9' }

// ParseSlot reads what [Slot.String] writes, and nothing else.
func ParseSlot(text string) (Slot, error) {
	group, number, found := strings.Cut(text, "/")
	n, ok := parseNumber(number)
	if !found || !ok || !ValidGroup(group) {
		return Slot{}, fmt.Errorf("troupe: bad slot %q: want group/number", text)
	}
	return Slot{Group: group, N: n}, nil
}

// ParseIncarnation reads what [Incarnation.String] writes, and nothing else.
func ParseIncarnation(text string) (Incarnation, error) {
	place, number, found := strings.Cut(text, "#")
	slot, err := ParseSlot(place)
	life, ok := parseNumber(number)
	if !found || !ok || err != nil {
		return Incarnation{}, fmt.Errorf("troupe: bad incarnation %q: want group/number#life", text)
	}
	return Incarnation{Slot: slot, Life: life}, nil
}

// parseNumber reads a positive number of at most nine digits, as Itoa writes it.
func parseNumber(text string) (int, bool) {
	if text == "" || len(text) > 9 || text[0] == '0' {
		return 0, false
	}
	for i := range len(text) {
		if !isDigit(text[i]) {
			return 0, false
		}
	}
	n, err := strconv.Atoi(text)
	return n, err == nil
}
