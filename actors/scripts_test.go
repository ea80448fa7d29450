package actors

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// rewrite, from the environment, writes what a core answers into new scripts.
var rewrite = os.Getenv("REWRITE_SCRIPTS") != ""

// scriptPlayer gives a core the event of one line of a script, and returns the
// lines that it causes.
type scriptPlayer interface {
	play(words []string) ([]string, error)
}

// playScripts plays each script of a pattern against a core of its own.
func playScripts(t *testing.T, pattern string, newPlayer func() scriptPlayer) {
	t.Helper()
	paths, err := filepath.Glob(pattern)
	if err != nil || len(paths) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txt"), func(t *testing.T) { playFile(t, path, newPlayer()) })
	}
}

func playFile(t *testing.T, path string, p scriptPlayer) {
	script, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	got, err := playScript(string(script), p)
	if err != nil {
		t.Fatal(err)
	}
	if rewrite {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if got != string(script) {
		t.Errorf("%s plays as\n%s", path, got)
	}
}

// playScript returns the script with what the core answers, indented.
func playScript(script string, p scriptPlayer) (string, error) {
	var out strings.Builder
	for n, line := range strings.SplitAfter(script, "\n") {
		if strings.HasPrefix(line, "\t") {
			continue
		}
		out.WriteString(line)
		words := strings.Fields(line)
		if len(words) == 0 || words[0] == "#" {
			continue
		}
		lines, err := p.play(words)
		if err != nil {
			return "", fmt.Errorf("line %d: %w", n+1, err)
		}
		for _, line := range lines {
			out.WriteString("\t" + line + "\n")
		}
	}
	return out.String(), nil
}

// linesOf are actions as scripts have them.
func linesOf[A fmt.Stringer](acts []A) (lines []string) {
	for _, act := range acts {
		lines = append(lines, act.String())
	}
	return lines
}
