// Package docs_test holds the pages to what is there.
package docs_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func pages(t *testing.T) []string {
	t.Helper()
	found, err := filepath.Glob("*.md")
	if err != nil {
		t.Fatal(err)
	}
	return append(found, "../README.md", "../CHANGELOG.md", "../SECURITY.md")
}

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

var (
	testName = regexp.MustCompile("`((?:Test|Benchmark|Fuzz)[A-Z]\\w*)`")
	testFunc = regexp.MustCompile(`(?m)^func ((?:Test|Benchmark|Fuzz)[A-Z]\w*)\(`)
	code     = regexp.MustCompile("(?s)```.*?```|`[^`\n]*`")
	link     = regexp.MustCompile(`\]\(([^)#]+)[^)]*\)`)
)

func TestEveryTestThatAPageNamesExists(t *testing.T) {
	known := testNames(t)
	for _, page := range pages(t) {
		for _, m := range testName.FindAllStringSubmatch(read(t, page), -1) {
			if !known[m[1]] {
				t.Errorf("%s names %s, which is not there", page, m[1])
			}
		}
	}
}

// testNames are the tests of this module.
func testNames(t *testing.T) map[string]bool {
	t.Helper()
	names := make(map[string]bool)
	err := filepath.WalkDir("..", func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		for _, m := range testFunc.FindAllStringSubmatch(read(t, path), -1) {
			names[m[1]] = true
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func TestEveryLinkLeadsSomewhere(t *testing.T) {
	for _, page := range pages(t) {
		for _, m := range link.FindAllStringSubmatch(code.ReplaceAllString(read(t, page), ""), -1) {
			if strings.Contains(m[1], "://") {
				continue
			}
			if _, err := os.Stat(filepath.Join(filepath.Dir(page), m[1])); err != nil {
				t.Errorf("%s links to %s: %v", page, m[1], err)
			}
		}
	}
}

// The file map of the architecture page names no file that is gone.
func TestTheFileMapIsUpToDate(t *testing.T) {
	folder := ""
	for line := range strings.Lines(read(t, "architecture.md")) {
		column, rest, _ := strings.Cut(strings.TrimPrefix(line, "|"), "|")
		names := quoted(column)
		switch {
		case strings.TrimSpace(rest) == "|" && len(names) == 1:
			folder = names[0]
		case !strings.HasPrefix(line, "|"):
			folder = ""
		case folder != "":
			checkFiles(t, folder, names)
		}
	}
}

// quoted returns what stands between backquotes.
func quoted(text string) []string {
	var found []string
	for i, part := range strings.Split(text, "`") {
		if i%2 == 1 {
			found = append(found, part)
		}
	}
	return found
}

func checkFiles(t *testing.T, folder string, patterns []string) {
	t.Helper()
	for _, p := range patterns {
		files, err := filepath.Glob(filepath.Join("..", folder, p+".go"))
		if err != nil || len(files) == 0 {
			t.Errorf("the map has %s/%s, the folder has not", folder, p)
		}
	}
}
