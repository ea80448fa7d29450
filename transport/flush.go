package transport

import (
	"context"
	"slices"
)

// flush is one call of Flush: the bytes that must have been written for each
// lane. The link's lock guards those in Link.flushes.
type flush struct {
	data, control uint64
	done          chan struct{}
	failed        bool // set before done is closed
}

// Flush waits until all frames that were queued when it was called have been
// taken by the writer's stream. It returns ErrClosed if the link ends first,
// or ctx's error.
func (l *Link) Flush(ctx context.Context) error {
	f, err := l.addFlush()
	if f == nil {
		return err
	}
	select {
	case <-f.done:
		if f.failed {
			return ErrClosed
		}
		return nil
	case <-ctx.Done():
		l.removeFlush(f)
		return ctx.Err()
	}
}

// addFlush returns nil when there is nothing to wait for.
func (l *Link) addFlush() (*flush, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.data.pending == 0 && l.control.pending == 0 {
		return nil, nil
	}
	if l.stopped {
		return nil, ErrClosed
	}
	f := &flush{data: l.data.queued, control: l.control.queued, done: make(chan struct{})}
	l.flushes = append(l.flushes, f)
	return f, nil
}

func (l *Link) removeFlush(f *flush) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if i := slices.Index(l.flushes, f); i >= 0 {
		l.flushes = slices.Delete(l.flushes, i, i+1)
	}
}

// flushedLocked ends the waits whose frames have been written.
func (l *Link) flushedLocked() {
	data := l.data.queued - uint64(l.data.pending)
	control := l.control.queued - uint64(l.control.pending)
	l.flushes = slices.DeleteFunc(l.flushes, func(f *flush) bool {
		if f.data > data || f.control > control {
			return false
		}
		close(f.done)
		return true
	})
}

// endFlushesLocked ends all waits in failure.
func (l *Link) endFlushesLocked() {
	for _, f := range l.flushes {
		f.failed = true
		close(f.done)
	}
	l.flushes = nil
}
