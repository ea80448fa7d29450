package main

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// A screen shows how the counting goes: lines, and below them a bar where there
// is a terminal. With no writer it shows nothing. Safe for use by several
// goroutines.
type screen struct {
	out   io.Writer // nil: silent
	files int       // to count
	start time.Time

	mu   sync.Mutex
	bar  *progressbar.ProgressBar // guarded by mu; nil: none, or finished
	done int                      // guarded by mu; files
}

func newScreen(out io.Writer, files int) *screen {
	s := &screen{out: out, files: files, start: time.Now()}
	if file, ok := out.(*os.File); ok && term.IsTerminal(int(file.Fd())) {
		s.bar = progressbar.NewOptions(files,
			progressbar.OptionSetWriter(out),
			progressbar.OptionUseANSICodes(true),
			progressbar.OptionSetWidth(36),
			progressbar.OptionSetTheme(progressbar.Theme{Saucer: "█", SaucerPadding: "░"}),
			progressbar.OptionSetPredictTime(false),
			progressbar.OptionSetElapsedTime(false),
			progressbar.OptionShowDescriptionAtLineEnd(),
			progressbar.OptionSetRenderBlankState(true),
		)
	}
	return s
}

// Line prints a line, above the bar if there is one.
func (s *screen) Line(text string) {
	if s.out == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.bar == nil {
		fmt.Fprintln(s.out, text)
		return
	}
	_ = s.bar.Clear() // a bar that cannot be drawn is no failure
	fmt.Fprintln(s.out, text)
	_ = s.bar.RenderBlank()
}

// Advance notes that so many more files are counted. The last step of the bar is
// left to Finish, since lines may still come.
func (s *screen) Advance(files int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.done += files
	if s.bar == nil || s.done >= s.files {
		return
	}
	s.bar.Describe(s.state(time.Since(s.start)))
	_ = s.bar.Set(s.done)
}

// Finish fills the bar, and says how long the counting took.
func (s *screen) Finish(took time.Duration) {
	if s.out == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.bar == nil {
		fmt.Fprintln(s.out, "  "+s.state(took))
		return
	}
	s.bar.Describe(s.state(took))
	_ = s.bar.Set(s.files)
	fmt.Fprintln(s.out)
	s.bar = nil
}

// Abandon leaves the bar as it stands, and the cursor below it.
func (s *screen) Abandon() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.bar != nil {
		_ = s.bar.Exit()
		fmt.Fprintln(s.out)
	}
}

func (s *screen) state(took time.Duration) string {
	return fmt.Sprintf("%s/%s files   %.1f s", thousands(s.done), thousands(s.files), took.Seconds())
}
