package osproc

import (
	"slices"
	"testing"
)

func TestIdentitySurvivesTheEnvironment(t *testing.T) {
	for _, payload := range []string{"", "indexer/1#4", "a:b:c:d:e:f:g", "{\"kind\":\"x\"}", "ü\n="} {
		want := identity{42, fileID{1, 2}, fileID{3, 1<<64 - 1}, fileID{}, AllGuards, payload}
		if got, ok := parseIdentity(want.String()); !ok || got != want {
			t.Errorf("%q parsed as %+v, %v", want, got, ok)
		}
	}
}

func TestBrokenIdentityIsRefused(t *testing.T) {
	for _, s := range []string{
		"", "1", "worker", ":::::", "0:1-2:1-2:0-0:7:", "-3:1-2:1-2:0-0:7:", "1:1-2:1-2:0-0:7",
		"1:1:1-2:0-0:7:x", "1:1-2:1_2:0-0:7:x", "1:1-2:1-2:0-x:7:x", "1:1-2:1-2:0-0:256:x", "1:1-2:1-2:0-0::x",
	} {
		if id, ok := parseIdentity(s); ok {
			t.Errorf("%q accepted as %+v", s, id)
		}
	}
}

// E5 A program that inherits a stale identity does not believe it.
func TestE5Judge(t *testing.T) {
	var (
		id    = identity{master: 10, reader: fileID{1, 3}, writer: fileID{1, 4}}
		other = fileID{1, 99}
		none  = fileID{}
	)
	for _, c := range []struct {
		name string
		id   identity
		ev   evidence
		want verdict
	}{
		{"worker", id, evidence{10, true, id.reader, id.writer}, worker},
		{"worker that a shell started in the middle", id, evidence{10, false, id.reader, id.writer}, worker},
		{"master died first", id, evidence{1, true, id.reader, id.writer}, orphan},
		{"child of a worker, with its pipes", id, evidence{11, false, id.reader, id.writer}, leaked},
		{"environment copied by the master", id, evidence{10, true, none, none}, stale},
		{"environment copied by the worker", id, evidence{11, true, none, none}, stale},
		{"other pipes", id, evidence{10, true, other, other}, stale},
		{"one other pipe", id, evidence{10, true, id.reader, other}, stale},
		{"pipes crossed", id, evidence{10, true, id.writer, id.reader}, stale},
		{"an identity that names no pipes", identity{master: 10}, evidence{10, true, none, none}, stale},
	} {
		if got := c.id.judge(c.ev); got != c.want {
			t.Errorf("%s: verdict %d, want %d", c.name, got, c.want)
		}
	}
}

func TestE5WithoutIdentity(t *testing.T) {
	env := []string{"A=1", identityVar + "=stale", "B=2", identityVar + "X=kept"}
	want := []string{"A=1", "B=2", identityVar + "X=kept"}
	if got := withoutIdentity(env); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if env[1] != identityVar+"=stale" {
		t.Error("the caller's slice was changed")
	}
}

func FuzzParseIdentity(f *testing.F) {
	f.Add(identity{1, fileID{2, 3}, fileID{4, 5}, fileID{6, 7}, GuardEOF, "x"}.String())
	f.Fuzz(func(t *testing.T, s string) {
		id, ok := parseIdentity(s)
		if !ok {
			return
		}
		if again, ok := parseIdentity(id.String()); !ok || again != id {
			t.Errorf("%q re-parsed as %+v", s, again)
		}
	})
}
