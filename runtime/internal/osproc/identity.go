package osproc

import (
	"fmt"
	"strconv"
	"strings"
)

// identityVar carries the identity of a worker from fork to [Adopt], which
// takes it out of the environment.
const identityVar = "TROUPE_WORKER"

// identity is what a master writes into the environment of its worker. All of
// it but the payload is there to be checked: an environment is copied easily,
// a parent and the two pipes are not.
//
//	masterpid:reader:writer:crash:guards:payload     (files as dev-inode)
type identity struct {
	master  int    // the forker's pid
	reader  fileID // the pipe on fd 3
	writer  fileID // the pipe on fd 4
	crash   fileID // the file on fd 5; zero if there is none
	guards  Guards
	payload string // Spec.Identity
}

// fileID names an open file within one boot of one machine.
type fileID struct{ dev, ino uint64 }

func (f fileID) String() string { return fmt.Sprintf("%d-%d", f.dev, f.ino) }

func (id identity) String() string {
	return fmt.Sprintf("%d:%v:%v:%v:%d:%s", id.master, id.reader, id.writer, id.crash, id.guards, id.payload)
}

// parseIdentity is the inverse of String. It takes any bytes.
func parseIdentity(s string) (identity, bool) {
	f := strings.SplitN(s, ":", 6)
	if len(f) != 6 {
		return identity{}, false
	}
	master, err := strconv.Atoi(f[0])
	guards, err2 := strconv.ParseUint(f[4], 10, 8)
	reader, ok1 := parseFileID(f[1])
	writer, ok2 := parseFileID(f[2])
	crash, ok3 := parseFileID(f[3])
	ok := err == nil && err2 == nil && ok1 && ok2 && ok3 && master > 0
	return identity{master, reader, writer, crash, Guards(guards), f[5]}, ok
}

func parseFileID(s string) (fileID, bool) {
	dev, ino, found := strings.Cut(s, "-")
	d, err1 := strconv.ParseUint(dev, 10, 64)
	i, err2 := strconv.ParseUint(ino, 10, 64)
	return fileID{d, i}, found && err1 == nil && err2 == nil
}

// evidence is what a process sees of itself.
type evidence struct {
	parent int    // getppid
	leader bool   // of its own process group, as every worker is
	fd3    fileID // zero unless a pipe
	fd4    fileID // zero unless a pipe
}

// verdict says what a process that found an identity is.
type verdict uint8

const (
	stale  verdict = iota // the identity is somebody else's: a copied environment
	leaked                // so are fds 3 and 4: the child of a worker that had not adopted yet
	orphan                // a worker whose master died before it could adopt
	worker
)

// judge weighs the identity against what the process sees of itself.
func (id identity) judge(ev evidence) verdict {
	none := fileID{}
	switch pipes := ev.fd3 == id.reader && ev.fd4 == id.writer && ev.fd3 != none && ev.fd4 != none; {
	case !pipes:
		return stale
	case ev.parent == id.master:
		return worker
	case ev.leader:
		return orphan
	default:
		return leaked
	}
}

// withoutIdentity returns env without a worker's identity, in a new slice.
func withoutIdentity(env []string) []string {
	kept := make([]string, 0, len(env)+1)
	for _, kv := range env {
		if !strings.HasPrefix(kv, identityVar+"=") {
			kept = append(kept, kv)
		}
	}
	return kept
}
