//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	goruntime "runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// server is a demo that serves, as a process of its own.
type server struct {
	t      *testing.T
	cmd    *exec.Cmd
	addr   string
	said   string      // what it printed until it served
	lines  chan string // what it prints then; closed at its end
	stderr bytes.Buffer
}

// startServer runs the demo until it invites.
func startServer(t *testing.T, args ...string) *server {
	t.Helper()
	s := &server{t: t, cmd: demoCommand(t.Context(), append([]string{"-serve=127.0.0.1:0"}, args...)...), lines: make(chan string, 10_000)}
	s.cmd.Stderr = &s.stderr
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(out)
	for !strings.Contains(s.said, "curl -X POST") || !strings.HasSuffix(s.said, "\n\n") {
		line, err := lines.ReadString('\n')
		if s.said += line; err != nil {
			t.Fatalf("it ended: %v, %v\n%s%s", err, s.cmd.Wait(), s.said, s.stderr.String())
		}
	}
	go func() {
		defer close(s.lines)
		for {
			line, err := lines.ReadString('\n')
			if s.lines <- line; err != nil {
				return
			}
		}
	}()
	s.addr = regexp.MustCompile(`Serving on (\S+) `).FindStringSubmatch(s.said)[1]
	return s
}

// stop asks it to end.
func (s *server) stop(signal os.Signal) {
	s.t.Helper()
	if err := s.cmd.Process.Signal(signal); err != nil {
		s.t.Fatal(err)
	}
	for range s.lines { // to the end, before Wait closes the pipe
		continue
	}
	if code := exitCode(s.t, s.cmd.Wait()); code != exitDone || s.stderr.Len() > 0 {
		s.t.Errorf("exit %d, want %d; stderr:\n%s", code, exitDone, s.stderr.String())
	}
}

// pids are those of the workers of a group, as the printed tree has them.
func (s *server) pids(group string) (pids []int) {
	for _, found := range regexp.MustCompile(group+`/\d+#\d+  worker, .*pid (\d+)`).FindAllStringSubmatch(s.said, -1) {
		pid, _ := strconv.Atoi(found[1])
		pids = append(pids, pid)
	}
	return pids
}

// client asks over one connection at a time, without the repetitions that Go's
// own client makes.
type client struct {
	addr   string
	conn   net.Conn // nil: none
	in     *bufio.Reader
	pid    int       // of who has answered on conn; 0: nobody yet
	dialed time.Time // when the dial of conn began
}

// reply is all that any answer has.
type reply struct {
	Worker      string
	PID         int
	Count       int
	Top         []Name
	Identifiers int
	Changed     int
	Error       string
}

func (c *client) do(method, target string) (status int, r reply, err error) {
	if c.conn == nil {
		c.pid, c.dialed = 0, time.Now()
		if c.conn, err = net.DialTimeout("tcp", c.addr, 10*time.Second); err != nil {
			return 0, r, fmt.Errorf("dial: %w", err)
		}
		c.in = bufio.NewReader(c.conn)
	}
	_ = c.conn.SetDeadline(time.Now().Add(time.Minute))
	if _, err := fmt.Fprintf(c.conn, "%s %s HTTP/1.1\r\nHost: demo\r\nContent-Length: 0\r\n\r\n", method, target); err != nil {
		return 0, r, err
	}
	answer, err := http.ReadResponse(c.in, nil)
	if err != nil {
		return 0, r, err
	}
	defer answer.Body.Close()
	if err := json.NewDecoder(answer.Body).Decode(&r); err != nil {
		return 0, r, err
	}
	c.pid = r.PID
	return answer.StatusCode, r, nil
}

func (c *client) hangUp() {
	if c.conn != nil {
		c.conn.Close()
		c.conn = nil
	}
}

// get asks once, on a connection of its own.
func (s *server) get(method, target string) (status int, r reply) {
	s.t.Helper()
	c := &client{addr: s.addr}
	defer c.hangUp()
	status, r, err := c.do(method, target)
	if err != nil {
		s.t.Fatalf("%s %s: %v", method, target, err)
	}
	return status, r
}

func TestServeAnswersUntilItIsStopped(t *testing.T) {
	root := smallTree(t, 20)
	s := startServer(t, "-workers=2", "-kills=2", root)
	for _, want := range []string{
		"0 files lost, 0 counted twice\n", "verified: ", "Serving on 127.0.0.1:", " with 2 web workers, until interrupted\n",
		"\n  kill -9 " + strconv.Itoa(s.pids(webGroup)[0]) + "\n", "/count?word=common'\n", "/top?n=3'\n", "/reindex?file=d0/f0.go'\n",
	} {
		if !strings.Contains(s.said, want) {
			t.Errorf("it did not say %q:\n%s", want, s.said)
		}
	}
	if len(s.pids(webGroup)) != 2 || len(s.pids(group)) != 2 {
		t.Errorf("pids %v and %v of 2 each in:\n%s", s.pids(webGroup), s.pids(group), s.said)
	}
	if status, r := s.get("GET", "/count?word=common"); status != 200 || r.Count != 40 || !slices.Contains(s.pids(webGroup), r.PID) {
		t.Errorf("%d %+v", status, r)
	}
	if status, r := s.get("GET", "/count?word=nowhere"); status != 200 || r.Count != 0 {
		t.Errorf("%d %+v", status, r)
	}
	if status, r := s.get("GET", "/top?n=2"); status != 200 || !slices.Equal(r.Top, []Name{{"common", 40}, {"f", 20}}) {
		t.Errorf("%d %+v", status, r)
	}
	for target, want := range map[string]int{
		"/reindex?file=d0/nope.go": 404, "/reindex?file=../x.go": 400, "/reindex?file=/etc/passwd": 400, "/reindex": 400,
	} {
		if status, r := s.get("POST", target); status != want || r.Error == "" {
			t.Errorf("POST %s: %d %+v, want %d", target, status, r, want)
		}
	}
	s.stop(syscall.SIGTERM)
	if conn, err := net.Dial("tcp", s.addr); err == nil {
		conn.Close()
		t.Error("somebody still listens")
	}
}

func TestServeCountsAFileAgain(t *testing.T) {
	root := smallTree(t, 5)
	s := startServer(t, "-workers=2", "-kills=0", root)
	for range 20 { // into each cache
		s.get("GET", "/count?word=common")
		s.get("GET", "/top?n=1")
	}
	file := filepath.Join(root, "d0", "f0.go")
	if err := os.WriteFile(file, []byte("package p\n\nvar common, fresh = 1, 2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if status, r := s.get("POST", "/reindex?file=d0/f0.go"); status != 200 || r.Identifiers != 3 || r.Changed != 4 {
		t.Errorf("%d %+v, want 3 identifiers, and 4 changed: common, fresh, f, n0", status, r)
	}
	for range 20 {
		if status, r := s.get("GET", "/count?word=common"); status != 200 || r.Count != 9 {
			t.Fatalf("%d %+v, want 9", status, r)
		}
		if status, r := s.get("GET", "/top?n=1"); status != 200 || r.Top[0] != (Name{"common", 9}) {
			t.Fatalf("%d %+v", status, r)
		}
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	if status, r := s.get("POST", "/reindex?file=d0/f0.go"); status != 422 || !strings.Contains(r.Error, "no such file") {
		t.Errorf("%d %+v, want 422: it is gone", status, r)
	}
	if status, r := s.get("GET", "/count?word=fresh"); status != 200 || r.Count != 1 {
		t.Errorf("%d %+v, want the old count", status, r)
	}
	s.stop(os.Interrupt)
}

func TestServeTellsWhoDied(t *testing.T) {
	s := startServer(t, "-workers=2", "-kills=0", smallTree(t, 5))
	victim := s.pids(webGroup)[0]
	if err := syscall.Kill(victim, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	line := regexp.MustCompile(fmt.Sprintf(`^  web/1#1 \(pid %d\) +SIGKILL +→ #2 ready in \d+ ms\n$`, victim))
	select {
	case said := <-s.lines:
		if !line.MatchString(said) {
			t.Errorf("it said %q, want the line of a death", said)
		}
	case <-time.After(30 * time.Second):
		t.Error("it said nothing of a death")
	}
	s.stop(os.Interrupt)
}

// K3: what is under way when it is stopped is finished.
func TestK3ServeFinishesWhatItHas(t *testing.T) {
	if goruntime.GOOS != "linux" {
		return // how busy another process is, is told elsewhere
	}
	root := smallTree(t, 3)
	s := startServer(t, "-workers=1", "-kills=0", root)
	large := strings.Repeat("common, ", 2_000_000)
	if err := os.WriteFile(filepath.Join(root, "d0", "f0.go"), []byte(large), 0o600); err != nil {
		t.Fatal(err)
	}
	counter := s.pids(group)[0]
	before := ticksOf(t, counter)
	type outcome struct {
		status int
		r      reply
		err    error
	}
	done := make(chan outcome, 1)
	go func() {
		c := &client{addr: s.addr}
		defer c.hangUp()
		status, r, err := c.do("POST", "/reindex?file=d0/f0.go")
		done <- outcome{status, r, err}
	}()
	for ticksOf(t, counter) < before+5 { // it counts
		select {
		case o := <-done:
			t.Fatalf("it was done before it could be stopped: %+v", o)
		case <-time.After(time.Millisecond):
		}
	}
	s.stop(syscall.SIGTERM)
	if o := <-done; o.err != nil || o.status != 200 || o.r.Identifiers != 2_000_000 {
		t.Errorf("%+v, want its answer", o)
	}
}

// ticksOf returns the time that a process has run, in hundredths of a second.
func ticksOf(t *testing.T, pid int) (ticks int) {
	t.Helper()
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		t.Fatal(err)
	}
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')'):]))
	for _, field := range fields[12:14] { // utime, stime
		n, err := strconv.Atoi(field)
		if err != nil {
			t.Fatal(err)
		}
		ticks += n
	}
	return ticks
}

func TestServeRefusesAnAddressThatIsTaken(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	code, stdout, stderr := demo(t, "-serve="+taken.Addr().String(), "-workers=1", smallTree(t, 1))
	if code != exitFailed || !strings.Contains(stderr, "address already in use") || strings.Contains(stdout, "err") {
		t.Errorf("exit %d\n%s%s", code, stdout, stderr)
	}
}

// Until the count is done the web workers say that it is not.
func TestServeIsBusyWhileItCounts(t *testing.T) {
	port, err := holdPort("127.0.0.1:0") // and for another to have
	if err != nil {
		t.Fatal(err)
	}
	addr := port.Addr().String()
	port.Close()
	cmd := demoCommand(t.Context(), "-serve="+addr, "-workers=1", "-kills=100000", "-json", smallTree(t, 5))
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	answered := false
	for deadline := time.Now().Add(30 * time.Second); !answered && time.Now().Before(deadline); {
		c := &client{addr: addr}
		status, r, err := c.do("GET", "/count?word=f")
		if c.hangUp(); err != nil {
			continue // nobody listens yet
		}
		answered = true
		if status != http.StatusServiceUnavailable || !strings.Contains(r.Error, "still being counted") {
			t.Errorf("%d %+v, want 503", status, r)
		}
	}
	if !answered {
		t.Error("nobody answered")
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if code := exitCode(t, cmd.Wait()); code != exitInterrupted {
		t.Errorf("exit %d, want %d", code, exitInterrupted)
	}
}

// As an object it says where it serves, and nothing else is on stdout.
func TestServeAsJSON(t *testing.T) {
	cmd := demoCommand(t.Context(), "-json", "-verify=false", "-serve=127.0.0.1:0", "-workers=1", "-kills=1", smallTree(t, 5))
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(out)
	object, err := lines.ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	s := &server{t: t, addr: decodeReport(t, object).Serve}
	if status, r := s.get("GET", "/count?word=common"); status != 200 || r.Count != 10 {
		t.Errorf("%d %+v", status, r)
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if more, _ := lines.ReadString('\n'); more != "" {
		t.Errorf("then it printed %q", more)
	}
	if code := exitCode(t, cmd.Wait()); code != exitDone {
		t.Errorf("exit %d", code)
	}
}
