package docs_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

var (
	errorText = regexp.MustCompile("\\*\\*`([^`]+)`\\*\\*")
	verb      = regexp.MustCompile(`%[-+# 0]*[\d*]*(\.[\d*]+)?[a-zA-Z]`)
)

// gos are texts that Go itself prints.
var gos = []string{"fatal error: ", "panic: ", "context deadline exceeded"}

// signals are named by a table, not in a text.
var signals = regexp.MustCompile(`^SIG[A-Z]+$`)

// Each text that the page explains is one that the code can print.
func TestEveryErrorTextOccursInTheCode(t *testing.T) {
	texts := literals(t)
	page := errorText.FindAllStringSubmatch(read(t, "troubleshooting.md"), -1)
	if len(page) < 60 {
		t.Fatalf("%d texts found in the page", len(page))
	}
	for _, m := range page {
		if !occurs(m[1], texts) {
			t.Errorf("nothing in the code says %q", m[1])
		}
	}
}

// occurs looks for text in one literal: as part of it, or as the whole when it
// is a word or two.
func occurs(text string, texts []string) bool {
	text = strings.TrimSpace(strings.Trim(strings.TrimSuffix(text, ": …"), "…"))
	for _, literal := range append(texts, gos...) {
		whole := strings.TrimSpace(strings.Trim(strings.TrimSuffix(literal, ": …"), "…: "))
		if strings.Trim(text, ": ") == whole || len(text) >= 12 && strings.Contains(literal, text) {
			return true
		}
	}
	return signals.MatchString(text)
}

// literals are the string constants of the library, with … for each verb.
func literals(t *testing.T) (texts []string) {
	t.Helper()
	for _, file := range sources(t) {
		ast.Inspect(file, func(n ast.Node) bool {
			if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
				text, err := strconv.Unquote(lit.Value)
				if err != nil {
					t.Fatal(err)
				}
				texts = append(texts, verb.ReplaceAllString(text, "…"))
			}
			return true
		})
	}
	return texts
}

func sources(t *testing.T) (files []*ast.File) {
	t.Helper()
	for _, folder := range []string{"actors", "runtime", "transport"} {
		err := filepath.WalkDir(filepath.Join("..", folder), func(path string, _ fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
			files = append(files, file)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return files
}

// Every error that can be branched on, by its variable, is explained.
func TestEverySentinelIsExplained(t *testing.T) {
	page := read(t, "troubleshooting.md")
	internal := map[string]bool{"transport: link closed": true, "transport: too many bytes pending": true,
		"transport: frame without a kind in 1..127": true, "osproc: forker is closed": true}
	found := 0
	for _, file := range sources(t) {
		for _, text := range sentinels(file) {
			found++
			if !internal[text] && !strings.Contains(page, "`"+text) {
				t.Errorf("the page does not explain %q", text)
			}
		}
	}
	if found < 15 {
		t.Errorf("%d sentinels found", found)
	}
}

// sentinels are the texts of a file's variables Err… = errors.New(…).
func sentinels(file *ast.File) (texts []string) {
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || !strings.HasPrefix(spec.Names[0].Name, "Err") || len(spec.Values) != 1 {
			return true
		}
		call, ok := spec.Values[0].(*ast.CallExpr)
		if !ok || len(call.Args) != 1 {
			return true
		}
		if lit, ok := call.Args[0].(*ast.BasicLit); ok {
			if text, err := strconv.Unquote(lit.Value); err == nil {
				texts = append(texts, text)
			}
		}
		return true
	})
	return texts
}
