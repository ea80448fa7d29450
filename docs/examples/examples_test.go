// Package examples_test builds and runs each program in this folder.
package examples_test

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	goruntime "runtime"
	"strings"
	"testing"
	"time"
)

// outputs are what each program prints.
var outputs = map[string]string{
	"hello": `Hello, Ann
from another process: true
`,
	"restart": `plain.png: done by resizer/1#1
odd.png: resizer/1#1 died: fatal error: fault
odd.png: done by resizer/1#2
other.png: done by resizer/1#2
`,
	"supervisor": `example.org/
actor crawler/1#1/host/root/sites/example.org: panic on *main.Fetch: no such page
example.org/news
2 pages
cluster supervisor ready one-for-one
├─ group index group ready one-for-one
│  └─ index/1#1 worker ready
│     └─ host supervisor ready one-for-one
│        ├─ far supervisor ready dynamic
│        │  └─ 1-index actor ready
│        └─ root actor ready
└─ group crawler group ready one-for-one
   └─ crawler/1#1 worker ready
      └─ host supervisor ready one-for-one
         ├─ far supervisor ready dynamic
         └─ root supervisor ready one-for-one
            ├─ index far actor in index/1#1 ready
            └─ sites supervisor ready dynamic
               └─ example.org actor ready restarts=1
`,
	"watch": `counter/1#1 has counted to 42
counter/1#1 has ended, exit code 3
`,
}

func TestEveryExampleRuns(t *testing.T) {
	if goruntime.GOOS == "windows" {
		t.Skip("workers need inherited descriptors")
	}
	programs, err := filepath.Glob("*/main.go")
	if err != nil {
		t.Fatal(err)
	}
	if len(programs) != len(outputs) {
		t.Errorf("%d programs, %d outputs", len(programs), len(outputs))
	}
	bin := t.TempDir()
	for _, program := range programs {
		name := filepath.Dir(program)
		t.Run(name, func(t *testing.T) {
			if got, want := runExample(t, bin, name), outputs[name]; got != want {
				t.Errorf("it printed\n%s\nwant\n%s", got, want)
			}
		})
	}
}

// runExample builds a program and returns what it prints on stdout.
func runExample(t *testing.T, bin, name string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	path := filepath.Join(bin, name)
	if out, err := exec.CommandContext(ctx, "go", "build", "-o", path, "./"+name).CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, path)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("run: %v\n%s%s", err, &stdout, &stderr)
	}
	return stdout.String()
}

// TestTheThirtySecondProgramIsOneText compares the README, the program hello and
// the Example of package runtime.
func TestTheThirtySecondProgramIsOneText(t *testing.T) {
	_, program, found := strings.Cut(read(t, "hello/main.go"), "package main\n")
	if !found {
		t.Fatal("hello/main.go is not of package main")
	}
	if !strings.Contains(read(t, "../../README.md"), "```go\npackage main\n"+program+"```\n") {
		t.Error("the program in README.md is not docs/examples/hello/main.go")
	}
	_, example, _ := strings.Cut(read(t, "../../runtime/example_test.go"), "package runtime_test\n")
	example, _, _ = strings.Cut(example, "\n\t// Output:\n")
	example = strings.Replace(example, "func Example() {", "func main() {", 1) + "\n}\n"
	if example != program {
		t.Errorf("the Example in runtime/example_test.go is not docs/examples/hello/main.go, but\n%s", example)
	}
	if want := outputs["hello"]; strings.ReplaceAll(after(read(t, "../../runtime/example_test.go"), "// Output:\n"), "\t// ", "") != want+"}\n" {
		t.Error("the Example's output is not that of hello")
	}
}

func after(text, mark string) string {
	_, rest, _ := strings.Cut(text, mark)
	return rest
}

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
