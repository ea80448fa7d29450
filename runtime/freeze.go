package runtime

import "context"

// freeze stops every actor of a worker in the master's process behind the
// message that it handles, also those that are spawned later.
func (p *process) freeze() {
	p.frozen.Store(true)
	p.eachBox((*box).Freeze)
}

// thaw ends a freeze.
func (p *process) thaw() {
	p.frozen.Store(false)
	p.eachBox((*box).Thaw)
}

// buryActors ends the freeze of a dead worker, whose actors are to be taken down:
// they handle nothing but their own end.
func (p *process) buryActors() {
	p.frozen.Store(false)
	p.eachBox((*box).Bury)
}

// freezeIfFrozen makes an actor that is spawned meanwhile like the others.
func (b *box) freezeIfFrozen() {
	if !b.p.frozen.Load() {
		return
	}
	b.Freeze()
	if !b.p.frozen.Load() { // it ended in between
		b.Thaw()
	}
}

func (p *process) eachBox(do func(*box)) {
	p.boxes.Range(func(_, found any) bool {
		do(found.(*box))
		return true
	})
}

// busy counts the actors that have something to do, but for one.
func (p *process) busy(but string) (n int) {
	p.eachBox(func(b *box) {
		if b.id != but && b.Running() {
			n++
		}
	})
	return n
}

// lifetime is what the contexts of a process's services and functions derive
// from. It ends when the worker is killed within the master's process; another
// kill needs nobody's help.
type lifetime struct {
	context func() context.Context
	end     context.CancelFunc
}

func newLifetime() lifetime {
	ctx, cancel := context.WithCancel(context.Background())
	return lifetime{func() context.Context { return ctx }, cancel}
}
