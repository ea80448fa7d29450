package osproc

import (
	"io"
	"os"
	"strings"
	"time"
)

// Stream says where a captured line came from.
type Stream uint8

const (
	Stdout Stream = iota + 1
	Stderr
	// CrashDump is the part of stderr that Go writes while it dies: up to
	// thousands of lines, of which Exit.Crash keeps those that matter. A sink
	// drops them, unless it keeps everything.
	CrashDump
)

func (s Stream) String() string {
	switch s {
	case Stdout:
		return "stdout"
	case Stderr:
		return "stderr"
	case CrashDump:
		return "crash"
	}
	return "unknown"
}

// capture reads one output stream of a process to its end. Its goroutine
// belongs to the Process, which waits for it. Between pipe and sink there is no
// queue: a sink that blocks makes the pipe fill, and then the worker wait.
type capture struct {
	pipe   *os.File
	stream Stream                                           // Stdout or Stderr
	output func(stream Stream, line []byte, truncated bool) // may be nil
	done   chan struct{}                                    // closed when all was read

	// The rest belongs to the goroutine until done is closed.
	scanner   dumpScanner     // stderr only
	continued bool            // the next line goes on where the last was cut
	dump      strings.Builder // head of the last dump, at most stacksLimit
	tail      tail            // stderr without dumps
	current   Stream          // of the line that is being cut into pieces
}

func startCapture(pipe *os.File, stream Stream, output func(Stream, []byte, bool)) *capture {
	c := &capture{pipe: pipe, stream: stream, output: output, done: make(chan struct{})}
	go c.run()
	return c
}

func (c *capture) run() {
	defer close(c.done)
	defer c.pipe.Close()
	var lines lineSplitter
	chunk := make([]byte, 16<<10)
	for {
		n, err := c.pipe.Read(chunk)
		lines.feed(chunk[:n], c.line)
		if err != nil { // io.EOF, or the deadline that finish set
			lines.flush(c.line)
			return
		}
	}
}

// finish waits until everything was read, for at most grace: a stranger that
// inherited the pipe may hold it open for ever.
func (c *capture) finish(grace time.Duration) {
	_ = c.pipe.SetReadDeadline(time.Now().Add(grace)) // fails only if already closed
	<-c.done
}

func (c *capture) line(line []byte, truncated bool) {
	if !c.continued {
		c.current = c.classify(line)
	}
	c.continued = truncated
	c.keep(line)
	if c.output != nil {
		c.output(c.current, line, truncated)
	}
}

// classify says which stream a line that begins here belongs to.
func (c *capture) classify(line []byte) Stream {
	if c.stream != Stderr {
		return c.stream
	}
	inside, starts := c.scanner.scan(line)
	if starts {
		c.dump.Reset() // what came before was no death
	}
	if inside {
		return CrashDump
	}
	return Stderr
}

// keep remembers what Exit tells of stderr.
func (c *capture) keep(line []byte) {
	switch {
	case c.current == Stderr:
		c.tail.add(line)
	case c.current == CrashDump && c.dump.Len()+len(line) < stacksLimit:
		c.dump.Write(line)
		c.dump.WriteByte('\n')
	}
}

// readHead returns at most limit bytes of r.
func readHead(r io.Reader, limit int64) string {
	head, _ := io.ReadAll(io.LimitReader(r, limit)) // what was read before an error is worth having
	return string(head)
}
