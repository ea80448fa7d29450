package runtime

import (
	"encoding/json"
	"io"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/rs/zerolog"

	"github.com/seed-4314ae1d/troupe/runtime/internal/osproc"
)

// maxLines bounds the lines of workers that wait to be written.
const maxLines = 4096

// output writes what workers print, from one goroutine, so that neither a
// slow terminal nor a slow logger ever blocks a worker: lines that find the
// queue full are dropped and counted.
type output struct {
	log     *zerolog.Logger // nil: prefixed lines to w
	w       io.Writer
	lines   chan outputLine
	dropped atomic.Uint64
	closing sync.Once
	done    chan struct{}
}

type outputLine struct {
	who    string
	stream osproc.Stream
	text   string
}

func newOutput(log *zerolog.Logger, w io.Writer) *output {
	o := &output{log: log, w: w, lines: make(chan outputLine, maxLines), done: make(chan struct{})}
	go o.run()
	return o
}

// sink takes the lines of one worker. The dump of a crash is left out: what
// matters of it is in the exit reason.
func (o *output) sink(who string) func(osproc.Stream, []byte, bool) {
	return func(stream osproc.Stream, line []byte, _ bool) {
		if stream == osproc.CrashDump {
			return
		}
		select {
		case o.lines <- outputLine{who, stream, string(line)}:
		default:
			o.dropped.Add(1)
		}
	}
}

// close writes what is queued and ends the goroutine. No sink is used later.
func (o *output) close() {
	o.closing.Do(func() { close(o.lines) })
	<-o.done
}

func (o *output) run() {
	defer close(o.done)
	for line := range o.lines {
		if dropped := o.dropped.Swap(0); dropped > 0 {
			o.lost(dropped)
		}
		o.write(line)
	}
}

func (o *output) lost(n uint64) {
	if o.log != nil {
		o.log.Warn().Uint64("lines", n).Msg("worker output dropped: the log is too slow")
		return
	}
	_, _ = io.WriteString(o.w, "troupe │ output of workers dropped: too slow here\n")
}

func (o *output) write(line outputLine) {
	if o.log != nil {
		o.event(line)
		return
	}
	slot, _, _ := strings.Cut(line.who, "#")
	_, _ = io.WriteString(o.w, slot+" │ "+line.text+"\n") // a broken stderr cannot be reported anywhere
}

// event logs one line; one that is a JSON object keeps its fields.
func (o *output) event(line outputLine) {
	fields := jsonFields(line.text)
	level := zerolog.InfoLevel
	message := line.text
	if fields != nil {
		level, message = takeLevel(fields), takeString(fields, zerolog.MessageFieldName)
		delete(fields, zerolog.TimestampFieldName)
	}
	o.log.WithLevel(level).Fields(fields).
		Str("worker", line.who).Stringer("stream", line.stream).Msg(message)
}

// jsonFields parses a line that is a JSON object; nil: it is not.
func jsonFields(text string) map[string]any {
	if !strings.HasPrefix(text, "{") {
		return nil
	}
	var fields map[string]any
	if json.Unmarshal([]byte(text), &fields) != nil {
		return nil
	}
	return fields
}

func takeLevel(fields map[string]any) zerolog.Level {
	level, err := zerolog.ParseLevel(takeString(fields, zerolog.LevelFieldName))
	if err != nil || level == zerolog.NoLevel {
		return zerolog.InfoLevel
	}
	return min(level, zerolog.ErrorLevel) // a worker's fatal is not ours
}

func takeString(fields map[string]any, key string) string {
	text, _ := fields[key].(string)
	delete(fields, key)
	return text
}
