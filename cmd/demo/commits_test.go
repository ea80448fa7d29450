package main

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

// coherence plays writers, web workers with caches, and the index between them,
// one step of one of them at a time. Word f of file f occurs as often as the file
// was written, so what is older is smaller.
type coherence struct {
	r       *rand.Rand
	disk    []int            // how often each file was written
	floor   []int            // what a count must reach, since an answer promised it
	caches  []map[string]int // of the web workers
	commits *commits
	posts   []*post // under way
	forget  []string
	all     bool
	pending bool // an invalidation is under way
}

type post struct {
	file    int
	written int // when it was sent
	number  uint64
	read    int // what was on the disk; -1: not read yet
}

func newCoherence(r *rand.Rand, files, workers int) *coherence {
	c := &coherence{r: r, disk: make([]int, files), floor: make([]int, files), commits: &commits{index: newIndex("/")}}
	for i := range files {
		c.disk[i], c.floor[i] = 1, 1
		c.commits.index.Add(&Batch{Files: []string{c.name(i)}}, &Counts{Each: []PackedNames{Tally{c.name(i): 1}.Pack()}})
	}
	for range workers {
		c.caches = append(c.caches, make(map[string]int))
	}
	return c
}

func (*coherence) name(file int) string { return fmt.Sprintf("w%d", file) }

func (c *coherence) step() error {
	switch c.r.IntN(6) {
	case 0, 1:
		return c.get()
	case 2:
		c.write()
	case 3, 4:
		c.recount()
	case 5:
		c.invalidate()
	}
	return nil
}

// get asks a web worker, which asks the index for what it does not have.
func (c *coherence) get() error {
	file := c.r.IntN(len(c.disk))
	cache, word := c.caches[c.r.IntN(len(c.caches))], c.name(file)
	count, hit := cache[word]
	if !hit {
		count = c.commits.index.total[word]
		cache[word] = count
	}
	if count < c.floor[file] {
		return fmt.Errorf("%s is %d, after %d was promised", word, count, c.floor[file])
	}
	return nil
}

// write changes a file, perhaps, and posts it.
func (c *coherence) write() {
	file := c.r.IntN(len(c.disk))
	c.disk[file] += c.r.IntN(2)
	number, err := c.commits.index.Ask(c.name(file))
	if err != nil {
		panic(err)
	}
	c.posts = append(c.posts, &post{file: file, written: c.disk[file], number: number, read: -1})
}

// recount takes one post a step on: reads the file, or hands in what was read.
func (c *coherence) recount() {
	if len(c.posts) == 0 {
		return
	}
	i := c.r.IntN(len(c.posts))
	p := c.posts[i]
	if p.read < 0 {
		p.read = c.disk[p.file]
		return
	}
	c.posts = slices.Delete(c.posts, i, i+1)
	c.commits.Counted(&recount{
		file: c.name(p.file), number: p.number, names: Tally{c.name(p.file): p.read}.Pack(),
		answer: func(_ *recount, err error) {
			if err == nil {
				c.floor[p.file] = max(c.floor[p.file], p.written)
			}
		},
	})
	c.next()
}

func (c *coherence) next() {
	if names, all, ok := c.commits.Next(); ok {
		c.forget, c.all, c.pending = names, all, true
	}
}

// invalidate carries out what is under way, or half of it.
func (c *coherence) invalidate() {
	if !c.pending {
		return
	}
	c.pending = false
	reached, err := len(c.caches), error(nil)
	if c.r.IntN(5) == 0 {
		reached, err = c.r.IntN(len(c.caches)), errors.New("not all have forgotten")
	}
	for _, cache := range c.caches[:reached] {
		for _, name := range c.forget {
			delete(cache, name)
		}
		if c.all {
			clear(cache)
		}
	}
	c.commits.Forgotten(err)
	c.next()
}

// I9: whatever the order in which files are written, read, counted and
// forgotten, nobody gives an older count than was promised.
func TestI9CommitsNeverLetAnOlderCountBeSeen(t *testing.T) {
	for seed := range uint64(2000) {
		c := newCoherence(rand.New(rand.NewPCG(seed, 9)), 2, 3)
		for step := range 200 {
			if err := c.step(); err != nil {
				t.Fatalf("seed %d, step %d: %v", seed, step, err)
			}
		}
	}
}

func TestCommitsGoTogetherWhileOneIsUnderWay(t *testing.T) {
	c := &commits{index: sampleIndex()}
	answered := 0
	again := func(names Tally) {
		n, err := c.index.Ask("a.go")
		if err != nil {
			t.Fatal(err)
		}
		c.Counted(&recount{file: "a.go", number: n, names: names.Pack(), answer: func(*recount, error) { answered++ }})
	}
	again(Tally{"a": 2})
	if _, _, ok := c.Next(); !ok {
		t.Fatal("there is nothing to do")
	}
	again(Tally{"a": 3})
	again(Tally{"a": 4})
	if _, _, ok := c.Next(); ok || c.index.total["a"] != 2 {
		t.Errorf("a second began before the first had ended; a = %d", c.index.total["a"])
	}
	c.Forgotten(nil)
	names, all, ok := c.Next()
	if !ok || all || !slices.Equal(names, []string{"a"}) || c.index.total["a"] != 4 || answered != 1 {
		t.Errorf("then %v, %v, %v, a = %d, %d answered", names, all, ok, c.index.total["a"], answered)
	}
	c.Forgotten(nil)
	if answered != 3 {
		t.Errorf("%d answered, want 3", answered)
	}
}

func TestCommitsForgetEverythingAfterADoubt(t *testing.T) {
	c := &commits{index: sampleIndex()}
	var got error
	again := func() (all bool) {
		n, _ := c.index.Ask("a.go")
		c.Counted(&recount{file: "a.go", number: n, names: Tally{"a": 2}.Pack(), answer: func(_ *recount, err error) { got = err }})
		_, all, _ = c.Next()
		return all
	}
	again()
	lost := errors.New("lost")
	c.Forgotten(lost)
	if got != lost {
		t.Errorf("answered %v, want %v", got, lost)
	}
	if !again() {
		t.Error("nothing has changed, and what could not be forgotten stays")
	}
	c.Forgotten(nil)
	if got != nil || again() {
		t.Errorf("answered %v, and the doubt is not over", got)
	}
}
