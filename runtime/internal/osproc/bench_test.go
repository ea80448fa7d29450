//go:build unix

package osproc

import (
	"io"
	"os"
	"testing"
)

func init() { roles["byte"] = func(*Inherited) int { os.Stdout.Write([]byte{'r'}); return 0 } }

// BenchmarkStart measures from Start to the worker's first byte, beside a bare
// os/exec of the same program up to its first byte on stdout.
func BenchmarkStart(b *testing.B) {
	b.Run("exec", func(b *testing.B) {
		for b.Loop() {
			cmd := self("byte")
			stdout, err := cmd.StdoutPipe()
			if err != nil {
				b.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				b.Fatal(err)
			}
			io.ReadFull(stdout, make([]byte, 1))
			b.StopTimer()
			cmd.Wait()
			b.StartTimer()
		}
	})
	b.Run("osproc", func(b *testing.B) {
		f := newForker(b)
		for b.Loop() {
			p := start(b, f, play("idle"))
			awaitReady(b, p)
			b.StopTimer()
			p.Writer().Close()
			p.Wait()
			p.Reader().Close()
			b.StartTimer()
		}
	})
}
