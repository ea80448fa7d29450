//go:build !(linux || darwin || freebsd || netbsd || openbsd || dragonfly)

package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	goruntime "runtime"
)

var errNoSharing = fmt.Errorf("-serve: processes cannot share a port on %s: %w", goruntime.GOOS, errors.ErrUnsupported)

type heldPort struct{}

func listenShared(context.Context, string) (net.Listener, error) { return nil, errNoSharing }

func holdPort(string) (*heldPort, error) { return nil, errNoSharing }

func (*heldPort) Addr() netip.AddrPort { return netip.AddrPort{} }

func (*heldPort) Close() error { return nil }
