//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package main

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// listenShared listens on an address on which other processes of this user do
// too; the kernel gives each connection to one of them.
func listenShared(ctx context.Context, addr string) (net.Listener, error) {
	config := net.ListenConfig{Control: func(_, _ string, conn syscall.RawConn) (err error) {
		if failed := conn.Control(func(fd uintptr) { err = share(int(fd)) }); failed != nil {
			return failed
		}
		return err
	}}
	return config.Listen(ctx, "tcp", addr)
}

func share(fd int) error { return unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEPORT, 1) }

// A heldPort is a port that is taken and not listened on, so that those who
// share it can come and go.
type heldPort struct {
	fd   int
	addr netip.AddrPort
}

// holdPort takes the port of an address, and any that is free for port 0. An
// address that somebody listens on already is refused, also when that is shared.
func holdPort(addr string) (*heldPort, error) {
	free, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, err
	}
	at := free.Addr().(*net.TCPAddr).AddrPort()
	if err := free.Close(); err != nil {
		return nil, err
	}
	fd, err := bind(at)
	if err != nil {
		return nil, fmt.Errorf("bind %s: %w", addr, err)
	}
	return &heldPort{fd: fd, addr: at}, nil
}

// bind makes a socket that has the address and does nothing with it.
func bind(at netip.AddrPort) (fd int, err error) {
	family, to := unix.AF_INET6, unix.Sockaddr(&unix.SockaddrInet6{Port: int(at.Port()), Addr: at.Addr().As16()})
	if at.Addr().Unmap().Is4() {
		family, to = unix.AF_INET, &unix.SockaddrInet4{Port: int(at.Port()), Addr: at.Addr().Unmap().As4()}
	}
	syscall.ForkLock.RLock() // no process may be born between the next two lines
	fd, err = unix.Socket(family, unix.SOCK_STREAM, 0)
	if err == nil {
		unix.CloseOnExec(fd)
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		return 0, os.NewSyscallError("socket", err)
	}
	if err = share(fd); err == nil && family == unix.AF_INET6 && at.Addr().IsUnspecified() {
		err = unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_V6ONLY, 0) // as those who listen
	}
	if err == nil {
		err = unix.Bind(fd, to)
	}
	if err != nil {
		_ = unix.Close(fd)
		return 0, os.NewSyscallError("bind", err)
	}
	return fd, nil
}

// Addr is the address in numbers, with the port that was taken.
func (p *heldPort) Addr() netip.AddrPort { return p.addr }

// Close gives the port back. It is called once.
func (p *heldPort) Close() error { return unix.Close(p.fd) }
