package main

import (
	"net/netip"
	"testing"

	troupe "github.com/seed-4314ae1d/troupe/runtime"
)

func TestInvitationNamesWhatThereIs(t *testing.T) {
	for path, want := range map[string]string{"a/b.go": "a/b.go", "a b/ü&'.go": "a+b/%C3%BC%26%27.go"} {
		if got := queryPath(path); got != want {
			t.Errorf("queryPath(%s) = %s, want %s", path, got, want)
		}
	}
	for addr, want := range map[string]string{
		"127.0.0.1:80": "127.0.0.1:80", "0.0.0.0:80": "127.0.0.1:80", "[::]:80": "127.0.0.1:80", "[::1]:80": "[::1]:80",
	} {
		if got := reachable(netip.MustParseAddrPort(addr)).String(); got != want {
			t.Errorf("reachable(%s) = %s, want %s", addr, got, want)
		}
	}
}

func TestTheTreeEndsWithWorkers(t *testing.T) {
	inside := &troupe.Node{ID: "host", Type: troupe.ChildSupervisor}
	w := func(who string, pid int) *troupe.Node {
		return &troupe.Node{ID: who, Type: troupe.ChildWorker, Incarnation: who, OSPID: pid, Children: []*troupe.Node{inside}}
	}
	tree := &troupe.Node{ID: "cluster", Type: troupe.ChildSupervisor, Children: []*troupe.Node{w("counter/1#1", 7), w("web/1#1", 8), w("web/2#1", 9)}}
	cut := toWorkers(tree)
	if len(cut.Children) != 3 || len(cut.Children[0].Children) != 0 || len(tree.Children[0].Children) != 1 {
		t.Errorf("cut to\n%v, of\n%v", cut, tree)
	}
	if pid := workerPID(cut, webGroup); pid != 8 {
		t.Errorf("pid %d, want that of the first of web, 8", pid)
	}
	if pid := workerPID(cut, "none"); pid != 0 {
		t.Errorf("pid %d of nobody", pid)
	}
}
