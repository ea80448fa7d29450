package main

import (
	"errors"
	"fmt"
	"go/build"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// A File is a Go file to count.
type File struct {
	Name  string // below the root
	Bytes int
}

// Listing is every regular .go file under a root, in lexical order, and what
// could not be looked at. Symbolic links are not followed.
type Listing struct {
	Root   string
	Files  []File
	Bytes  int
	Failed []FileError
}

// list walks the tree under root, which may itself be a symbolic link.
func list(root string) (*Listing, error) {
	root, err := filepath.EvalSymlinks(root)
	if err != nil {
		return nil, err
	}
	if root, err = filepath.Abs(root); err != nil {
		return nil, err
	}
	if info, err := os.Stat(root); err != nil {
		return nil, err
	} else if !info.IsDir() {
		return nil, fmt.Errorf("%s is not a directory", root)
	}
	l := &Listing{Root: root}
	err = filepath.WalkDir(root, l.visit)
	return l, err
}

// visit never ends the walk: what it cannot look at is noted and passed over.
func (l *Listing) visit(path string, entry fs.DirEntry, err error) error {
	if err != nil {
		l.fail(path, err)
		return nil
	}
	if !entry.Type().IsRegular() || !strings.HasSuffix(path, ".go") {
		return nil
	}
	info, err := entry.Info()
	if err != nil {
		l.fail(path, err)
		return nil
	}
	l.Files = append(l.Files, File{Name: l.name(path), Bytes: int(info.Size())})
	l.Bytes += int(info.Size())
	return nil
}

func (l *Listing) fail(path string, err error) {
	l.Failed = append(l.Failed, FileError{Path: l.name(path), Why: err.Error()})
}

func (l *Listing) name(path string) string {
	if name, err := filepath.Rel(l.Root, path); err == nil {
		return name
	}
	return path
}

var errNoSource = errors.New("no Go source found: $GOROOT is not set, there is no go on the PATH with its src beside it, " +
	"and this program was built without knowing where Go is; name a directory to count: demo DIR")

// goSource returns the source of the installed Go: $GOROOT/src, else the src
// beside the go on the PATH, else that of the Go which built this program.
func goSource() (string, error) {
	for _, goroot := range candidates() {
		src := filepath.Join(goroot, "src")
		if _, err := os.Stat(filepath.Join(src, "go", "scanner", "scanner.go")); err == nil {
			return src, nil
		}
	}
	return "", errNoSource
}

func candidates() (goroots []string) {
	if goroot := os.Getenv("GOROOT"); goroot != "" {
		goroots = append(goroots, goroot)
	}
	for _, dir := range filepath.SplitList(os.Getenv("PATH")) {
		for _, name := range []string{"go", "go.exe"} {
			if path, err := filepath.EvalSymlinks(filepath.Join(dir, name)); err == nil {
				goroots = append(goroots, filepath.Dir(filepath.Dir(path)))
			}
		}
	}
	if build.Default.GOROOT != "" {
		goroots = append(goroots, build.Default.GOROOT)
	}
	return goroots
}
