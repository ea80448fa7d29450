package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"net"
	"strconv"

	"github.com/rs/zerolog"
)

const usage = `demo counts the Go identifiers in every .go file under a directory, in worker
processes. Meanwhile it kills workers in ways that Go cannot recover from, does
again what they had in hand, and proves that the sum is exact.

usage: demo [flags] [DIR]

With -serve the index stays up after the count, in web workers that share a port:

  GET /count?word=W       how often the identifier W occurs
  GET /top?n=N            the N most frequent ones
  POST /reindex?file=F    counts one file again, F as it is below DIR; once that is
                          answered no worker gives an older count

DIR is by default the source of the installed Go: $GOROOT/src, else the src
beside the go on the PATH. Symbolic links in it are not followed.

`

const exits = `
exit: 0 counted, and verified; 1 failed, or a file could not be read; 2 wrong
usage; 130 interrupted, in which case all workers were stopped first. With -serve
an interrupt or SIGTERM after the count is the end that was asked for: 0
`

// options are what the command line says.
type options struct {
	dir     string // "" for Go's own source
	workers int
	kills   int
	top     int
	verify  bool
	json    bool
	serve   string // host:port; "": not at all
	log     zerolog.Level
}

// errHelp asks for the usage, which is its text, and no more.
type errHelp struct{ usage string }

func (e errHelp) Error() string { return e.usage }

// parse reads the arguments, those after the program's name.
func parse(args []string) (options, error) {
	var o options
	var level string
	flags := flag.NewFlagSet("demo", flag.ContinueOnError)
	flags.IntVar(&o.workers, "workers", 4, "`N` worker processes; 0 counts with goroutines in this process, as the yardstick")
	flags.IntVar(&o.kills, "kills", 4, "`K` workers to kill, spread over the work done; none with -workers 0")
	flags.IntVar(&o.top, "top", 5, "show the `N` most frequent identifiers")
	flags.BoolVar(&o.verify, "verify", true, "count once more in one process, and fail if one number differs")
	flags.BoolVar(&o.json, "json", false, "print one JSON object on stdout and nothing else")
	flags.StringVar(&o.serve, "serve", "", "afterwards answer over HTTP on `ADDR`, such as 127.0.0.1:8080, until interrupted; port 0: any")
	flags.StringVar(&level, "log", "disabled", "`LEVEL` of what the cluster logs to stderr: debug, info, warn, error or disabled")

	var text bytes.Buffer
	flags.SetOutput(&text)
	flags.Usage = func() {}
	err := flags.Parse(args)
	text.Reset()
	flags.PrintDefaults()
	if errors.Is(err, flag.ErrHelp) {
		return o, errHelp{usage + text.String() + exits}
	}
	if err != nil {
		return o, err
	}
	if flags.NArg() > 1 {
		return o, fmt.Errorf("one directory at most, after the flags, not %q", flags.Args())
	}
	o.dir = flags.Arg(0)
	if o.log, err = zerolog.ParseLevel(level); err != nil || level == "" {
		return o, fmt.Errorf("-log %q is not a level: debug, info, warn, error or disabled", level)
	}
	return o, o.validate()
}

const maxWorkers = 1000

func (o *options) validate() error {
	switch {
	case o.workers < 0 || o.workers > maxWorkers:
		return fmt.Errorf("-workers %d: from 0 to %d", o.workers, maxWorkers)
	case o.kills < 0:
		return fmt.Errorf("-kills %d: none is 0", o.kills)
	case o.top < 0:
		return fmt.Errorf("-top %d: none is 0", o.top)
	}
	if o.workers == 0 {
		o.kills = 0
	}
	return o.validateServe()
}

func (o *options) validateServe() error {
	if o.serve == "" {
		return nil
	}
	if o.workers == 0 {
		return fmt.Errorf("-serve %s: needs -workers", o.serve)
	}
	_, port, err := net.SplitHostPort(o.serve)
	if err != nil {
		return fmt.Errorf("-serve %q: want HOST:PORT, such as 127.0.0.1:8080 or :8080", o.serve)
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return fmt.Errorf("-serve %q: the port is a number from 0 to 65535", o.serve)
	}
	return nil
}
