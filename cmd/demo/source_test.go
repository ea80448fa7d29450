package main

import (
	"os"
	"path/filepath"
	goruntime "runtime"
	"slices"
	"testing"
)

func TestListTakesRegularGoFilesInOrder(t *testing.T) {
	root := writeTree(t, map[string]string{
		"b.go": "package b", "a/z.go": "package a", "a/a.go": "", "a/not.txt": "x", ".hidden/h.go": "package h",
	})
	if err := os.Mkdir(filepath.Join(root, "dir.go"), 0o700); err != nil {
		t.Fatal(err)
	}
	symlink(t, filepath.Join(root, "b.go"), filepath.Join(root, "link.go"))
	symlink(t, root, filepath.Join(root, "a", "loop"))

	l, err := list(root)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range l.Files {
		names = append(names, filepath.ToSlash(f.Name))
	}
	if want := []string{".hidden/h.go", "a/a.go", "a/z.go", "b.go"}; !slices.Equal(names, want) {
		t.Errorf("listed %v, want %v", names, want)
	}
	if want := 3 * len("package b"); l.Bytes != want || len(l.Failed) != 0 {
		t.Errorf("%d bytes, failed %v, want %d and none", l.Bytes, l.Failed, want)
	}
}

func TestListFollowsALinkThatIsTheRoot(t *testing.T) {
	root := writeTree(t, map[string]string{"a.go": ""})
	link := filepath.Join(t.TempDir(), "link")
	symlink(t, root, link)
	if l, err := list(link); err != nil || len(l.Files) != 1 {
		t.Errorf("list(link) = %+v, %v", l, err)
	}
}

func TestListRefusesWhatIsNoDirectory(t *testing.T) {
	root := writeTree(t, map[string]string{"a.go": ""})
	for _, path := range []string{filepath.Join(root, "a.go"), filepath.Join(root, "gone")} {
		if _, err := list(path); err == nil {
			t.Errorf("list(%s) succeeded", path)
		}
	}
}

func TestGoSourceLooksAtGOROOTThenThePath(t *testing.T) {
	scanner := map[string]string{"src/go/scanner/scanner.go": "package scanner", "bin/go": "", "bin/go.exe": ""}
	first, second := writeTree(t, scanner), writeTree(t, scanner)
	t.Setenv("PATH", t.TempDir()+string(filepath.ListSeparator)+filepath.Join(second, "bin"))

	for _, tt := range []struct{ name, goroot, want string }{
		{"GOROOT first", first, first},
		{"without GOROOT, the PATH", "", second},
		{"with a GOROOT that has no source, the PATH", t.TempDir(), second},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Setenv("GOROOT", tt.goroot)
			got, err := goSource()
			if want := filepath.Join(resolved(t, tt.want), "src"); err != nil || resolved(t, got) != want {
				t.Errorf("goSource() = %q, %v, want %q", got, err, want)
			}
		})
	}
}

func TestGoSourceFollowsALinkOnThePath(t *testing.T) {
	root := writeTree(t, map[string]string{"src/go/scanner/scanner.go": "", "bin/go": ""})
	bin := t.TempDir()
	symlink(t, filepath.Join(root, "bin", "go"), filepath.Join(bin, "go"))
	t.Setenv("GOROOT", "")
	t.Setenv("PATH", bin)
	if got, err := goSource(); err != nil || got != filepath.Join(resolved(t, root), "src") {
		t.Errorf("goSource() = %q, %v", got, err)
	}
}

func writeTree(t *testing.T, files map[string]string) (root string) {
	t.Helper()
	root = t.TempDir()
	for name, text := range files {
		path := filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// symlink makes a link; where the system allows none, what needs it is left out.
func symlink(t *testing.T, target, path string) {
	t.Helper()
	if err := os.Symlink(target, path); err != nil && goruntime.GOOS != "windows" {
		t.Fatal(err)
	}
}

func resolved(t *testing.T, path string) string {
	t.Helper()
	path, err := filepath.EvalSymlinks(path)
	if err != nil {
		t.Fatal(err)
	}
	return path
}
