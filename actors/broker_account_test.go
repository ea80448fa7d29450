package actors

import (
	"slices"
	"testing"
)

// interested makes a process subscribe.
func (r *brokerRig) interested(address string, interests ...Interest) {
	r.t.Helper()
	answers := r.from(address, &Interests{Add: interests})
	if len(answers) != 1 {
		r.t.Fatalf("%d answers, want one", len(answers))
	}
	if _, ok := answers[0].(*InterestsTaken); !ok {
		r.t.Fatalf("%+v", answers[0])
	}
}

func (r *brokerRig) publish(topic string, texts ...string) {
	r.t.Helper()
	for _, text := range texts {
		if _, ok := r.ask(event(topic, text)).(*Published); !ok {
			r.t.Fatalf("%q was refused", text)
		}
	}
}

func (r *brokerRig) stats() *BrokerStats {
	r.t.Helper()
	return r.ask(&BrokerStatsRequest{}).(*BrokerStats)
}

// batchTo returns what is in the batch that is under way to a process.
func (r *brokerRig) batchTo(address string) (*brokerCall, []string) {
	r.t.Helper()
	c := r.made()
	if c.to.Address != address {
		r.t.Fatalf("a batch is under way to %s, want %s", c.to.Address, address)
	}
	return c, contents(r.t, c.message.(*Events).Batch)
}

func wantTexts(t *testing.T, what string, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: %q, want %q", what, got, want)
	}
}
