package main

import "testing"

func TestHowDied(t *testing.T) {
	for _, tt := range []struct{ crash, signal, want string }{
		{"", "SIGKILL", "SIGKILL"},
		{"fatal error: concurrent map writes\n\ngoroutine 7", "", "fatal error: concurrent map writes"},
		{"runtime: goroutine stack exceeds 1048576-byte limit\nsp=0xc0\nfatal error: stack overflow\n", "", "fatal error: stack overflow"},
		{"unexpected fault address 0xdead0000\nfatal error: fault\n[signal SIGSEGV: segmentation violation code=0x1]", "", "SIGSEGV"},
		{"", "SIGSEGV", "SIGSEGV"},
		{"panic: oh\n", "", "panic: oh"},
		{"", "", "exit code 3"},
	} {
		if got := howDied(tt.crash, tt.signal, "exit code 3"); got != tt.want {
			t.Errorf("howDied(%q, %q) = %q, want %q", tt.crash, tt.signal, got, tt.want)
		}
	}
}
