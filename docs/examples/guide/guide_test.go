// Package guide_test holds the code that docs/guide.md shows. Each example runs
// a cluster of its own: the test binary plays the workers.
package guide_test

import (
	"context"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	troupe "github.com/seed-4314ae1d/troupe/runtime"
)

func TestMain(m *testing.M) {
	troupe.Init()
	os.Exit(m.Run())
}

// run runs body as the master's, for at most a minute.
func run(body func(ctx context.Context, c *troupe.Cluster) error, groups ...troupe.Group) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := troupe.Run(ctx, troupe.Config{Groups: groups}, body); err != nil {
		fmt.Println(err)
	}
}

var goBlock = regexp.MustCompile("(?s)```go\n(.*?)```")

// What docs/guide.md shows is what is compiled and run here.
func TestTheGuideShowsThisCode(t *testing.T) {
	guide, err := os.ReadFile("../../guide.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := goBlock.FindAllStringSubmatch(string(guide), -1)
	if len(blocks) < 15 {
		t.Errorf("the guide has %d blocks of code", len(blocks))
	}
	code := sources(t)
	for _, block := range blocks {
		if !strings.Contains(code, unindented(block[1])) {
			t.Errorf("not in the examples:\n%s", block[1])
		}
	}
}

// sources is the code of this folder without its indentation.
func sources(t *testing.T) string {
	t.Helper()
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, entry := range entries {
		text, err := os.ReadFile(entry.Name())
		if err != nil {
			t.Fatal(err)
		}
		all.Write(text)
	}
	return unindented(all.String())
}

func unindented(code string) string {
	var out strings.Builder
	for line := range strings.Lines(code) {
		out.WriteString(strings.TrimLeft(line, "\t "))
	}
	return out.String()
}
