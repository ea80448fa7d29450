package actors

import (
	"errors"

	"github.com/asynkron/protoactor-go/actor"
)

// outcome takes how a batch fared, and sends the next.
func (b *broker) outcome(ctx actor.Context, p *peer, reply any, err error) {
	switch {
	case err == nil:
		b.returned(ctx, p, p.queue[0], reply)
		p.done()
	case errors.Is(err, ErrOverflow): // it was not taken: in order, once more
		p.underWay, p.resting = false, true
		if b.retry.timer == nil {
			b.retry.set(ctx, brokerRetry)
		}
		return
	case errors.Is(err, ErrMaybeDone):
		b.abandon(p.queue[0].bytes)
		p.done()
		b.drop(ctx, p)
		return
	case errors.Is(err, ErrNotSent), errors.Is(err, ErrNoActor), errors.Is(err, ErrDraining):
		p.underWay = false // so that it is left over
		b.drop(ctx, p)
		return
	default:
		b.complain(p, err, "a batch of events was refused")
		b.abandon(p.queue[0].bytes)
		p.done()
	}
	b.pump(ctx, p)
}

// outcomeOfGone is outcome for a process that has left the table meanwhile.
func (b *broker) outcomeOfGone(ctx actor.Context, p *peer, was *batch, reply any, err error) {
	switch {
	case err == nil:
		b.returned(ctx, p, was, reply)
	case errors.Is(err, ErrMaybeDone):
		b.abandon(was.bytes)
	default: // nobody has had it
		b.salvage(ctx, p, was.bytes)
	}
}

// returned sends on what came back since there is no member of its group.
func (b *broker) returned(ctx actor.Context, p *peer, was *batch, reply any) {
	taken, ok := reply.(*EventsTaken)
	if !ok || len(taken.Returned) == 0 {
		return
	}
	if err := eachReturned(taken.Returned, was.bytes, func(r *record) { b.reroute(ctx, p, r) }); err != nil {
		b.complain(p, err, "a broker returned what it was not sent")
	}
}

// abandon counts a batch of which nobody knows who has had it.
func (b *broker) abandon(batch []byte) {
	_ = eachRecord(batch, func(r *record) { b.lost += r.deliveries() }) // it was made here
}

// salvage sends what is for groups, of a batch that nobody has had, to other
// processes. The rest is lost, if somebody was there to have it.
func (b *broker) salvage(ctx actor.Context, p *peer, batch []byte) {
	_ = eachRecord(batch, func(r *record) { // it was made here
		if r.direct && p.interests > 0 {
			b.lost++
		}
		if len(r.groups) > 0 {
			b.reroute(ctx, p, r)
		}
	})
}

// complain logs the 1st, 2nd, 4th, 8th … time that another broker did not do as
// it should.
func (b *broker) complain(p *peer, err error, text string) {
	if b.complaints++; b.complaints&(b.complaints-1) == 0 {
		b.cfg.Log.Error().Err(err).Str("process", p.address).Uint64("in all", b.complaints).Msg(text)
	}
}
