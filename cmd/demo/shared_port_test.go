//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package main

import (
	"io"
	"net"
	goruntime "runtime"
	"testing"
)

func TestAHeldPortIsThereForThoseWhoShareIt(t *testing.T) {
	for _, addr := range []string{"127.0.0.1:0", "localhost:0", ":0"} {
		t.Run(addr, func(t *testing.T) {
			port, err := holdPort(addr)
			if err != nil {
				t.Fatal(err)
			}
			defer port.Close()
			to := reachable(port.Addr()).String()
			if conn, err := net.Dial("tcp", to); err == nil {
				conn.Close()
				t.Error("somebody listens on a port that is only held")
			}
			for range 3 { // those who come and go
				one, other := listen(t, port), listen(t, port)
				greet(t, to, one, other)
				one.Close()
				other.Close()
			}
		})
	}
}

func listen(t *testing.T, port *heldPort) net.Listener {
	t.Helper()
	l, err := listenShared(t.Context(), port.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// greet connects to an address on which the listeners listen, until each of them
// has been chosen.
func greet(t *testing.T, to string, listeners ...net.Listener) {
	t.Helper()
	for i, l := range listeners {
		go func() {
			for {
				conn, err := l.Accept()
				if err != nil {
					return
				}
				conn.Write([]byte{byte(i)})
				conn.Close()
			}
		}()
	}
	seen := make(map[byte]bool)
	for tries := 0; tries < 1000 && len(seen) < len(listeners); tries++ {
		conn, err := net.Dial("tcp", to)
		if err != nil {
			t.Fatal(err)
		}
		said, err := io.ReadAll(conn)
		conn.Close()
		if err != nil || len(said) != 1 {
			t.Fatalf("heard %v, %v", said, err)
		}
		seen[said[0]] = true
	}
	if goruntime.GOOS == "linux" && len(seen) != len(listeners) { // others do not spread
		t.Errorf("only %v of %d were chosen", seen, len(listeners))
	}
}

// A port is shared by the workers of one demo, not by two demos.
func TestAPortThatSomebodyListensOnIsRefused(t *testing.T) {
	port, err := holdPort("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer port.Close()
	defer listen(t, port).Close()
	if again, err := holdPort(port.Addr().String()); err == nil {
		again.Close()
		t.Error("it was taken twice")
	}
}

func TestHoldPortRefuses(t *testing.T) {
	for _, addr := range []string{"256.0.0.1:0", "192.0.2.1:0", "no such host.invalid:0", "127.0.0.1:66000"} {
		if port, err := holdPort(addr); err == nil {
			port.Close()
			t.Errorf("holdPort(%q) took it", addr)
		}
	}
}
