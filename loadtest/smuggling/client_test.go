//go:build smuggling

package smuggling_test

import (
	"errors"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	// segmentGap is how long a client pauses between two segments, so that the
	// router reads them apart.
	segmentGap = 2 * time.Millisecond
	// patience is for answers of a router that waits for something: none should.
	patience = 20 * time.Second
	// answerPatience is for answers of a router that may still be waiting for the
	// rest of a request.
	answerPatience = 400 * time.Millisecond
)

// conversation is one connection of a client: what it said, what that means, and
// what it was answered.
type conversation struct {
	*mutation
	*place
	octets   string
	readings []reading
	answers  []answer
	cut      bool   // the connection was reset before its end
	waited   bool   // for answers that did not come
	wrong    string // what is wrong with the answers themselves
	failed   bool   // the judge has said what is wrong with it
}

// answer is a response to a client.
type answer struct {
	status int
	id     string // the router's X-Request-Id
	echo   string // the id that the server behind answers
	behind bool   // it comes from a server behind
	closes bool
	body   string
}

// say holds a conversation with the router.
func say(addr string, m *mutation, p *place) *conversation {
	segments := m.write(p)
	c := &conversation{mutation: m, place: p, octets: strings.Join(segments, "")}
	c.readings = read(c.octets)
	conn, err := net.DialTimeout("tcp", addr, patience)
	if err != nil {
		c.wrong = err.Error()
		return c
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(patience)) // fails only if it is closed
	raw, err := c.exchange(conn.(*net.TCPConn), segments)
	switch {
	case c.abrupt:
		return c
	case errors.Is(err, syscall.ECONNRESET):
		c.cut = true
	case err != nil:
		c.wrong = err.Error()
	}
	if rest, wrong := c.parse(raw); wrong != "" && !c.cut {
		c.wrong = wrong
	} else if rest != "" && !c.cut {
		c.wrong = "an answer does not end where it says: " + strconv.Quote(rest[:min(len(rest), 200)])
	}
	return c
}

// exchange writes all segments, reads the answers, ends its half of the
// connection and reads to the other's end. An abrupt client reads nothing and
// resets.
func (c *conversation) exchange(conn *net.TCPConn, segments []string) (raw string, err error) {
	written := make(chan struct{})
	go func() {
		defer close(written)
		for i, segment := range segments {
			if i > 0 {
				<-time.After(segmentGap)
			}
			if _, err := io.WriteString(conn, segment); err != nil {
				return // the router refused before the end; its answer says why
			}
		}
	}()
	if c.abrupt {
		<-written
		return "", conn.SetLinger(0)
	}
	raw, err = c.untilAnswered(conn)
	<-written
	if err != nil {
		return raw, endless(err)
	}
	_ = conn.CloseWrite()                              // the router may have closed it already
	_ = conn.SetReadDeadline(time.Now().Add(patience)) // likewise
	rest, err := io.ReadAll(conn)
	return raw + string(rest), err
}

// untilAnswered reads until everything that has a reading is answered: a client
// that ends its half before that waits for the router to notice. When something
// was refused there are fewer answers, and then the router ends the connection,
// or waits for more, which does not come.
func (c *conversation) untilAnswered(conn net.Conn) (raw string, err error) {
	due := 0
	for i := range c.readings {
		if c.readings[i].whole {
			due++
		}
	}
	_ = conn.SetReadDeadline(time.Now().Add(answerPatience)) // fails only if it is closed
	buf := make([]byte, 32<<10)
	for due > 0 && err == nil {
		var n int
		n, err = conn.Read(buf)
		raw += string(buf[:n])
		if c.parse(raw); len(c.answers) >= due {
			break
		}
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		c.waited, err = true, nil
	}
	return raw, err
}

// endless tells the end of a connection from an error.
func endless(err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// parse reads answers as strictly as a client can that knows what it asked for.
// Rest is what is not a whole answer, wrong what can never become one.
func (c *conversation) parse(raw string) (rest, wrong string) {
	c.answers = c.answers[:0]
	for raw != "" {
		head, after, ok := strings.Cut(raw, "\r\n\r\n")
		if !ok {
			return raw, ""
		}
		lines := strings.Split(head, "\r\n")
		version, code, _ := strings.Cut(lines[0], " ")
		status, err := strconv.Atoi(code[:min(3, len(code))])
		if err != nil || version != "HTTP/1.1" {
			return raw, "this is no answer: " + strconv.Quote(raw[:min(len(raw), 200)])
		}
		if status == 100 {
			raw = after
			continue
		}
		f := fields{}
		for _, line := range lines[1:] {
			name, value, _ := strings.Cut(line, ":")
			name = strings.ToLower(name)
			f[name] = append(f[name], strings.TrimSpace(value))
		}
		if after, ok = c.take(status, f, after); !ok {
			return raw, ""
		}
		raw = after
	}
	return "", ""
}

// fromBehind tells answers of servers behind from the router's own: the router
// dates nothing, and all it has to say is problem documents. What net/http says
// to requests that it cannot read has no date either.
func fromBehind(f fields) bool {
	media := strings.Join(f["content-type"], "|")
	return len(f["date"]) > 0 || media != "" && media != "application/problem+json"
}

// take takes one answer, whose header was read, if its body is all there.
func (c *conversation) take(status int, f fields, rest string) (after string, ok bool) {
	a := answer{
		status: status, id: strings.Join(f["x-request-id"], "|"), echo: strings.Join(f["echo-id"], "|"), behind: fromBehind(f),
		closes: strings.EqualFold(strings.Join(f["connection"], ","), "close"),
	}
	head := false
	if i := len(c.answers); i < len(c.readings) {
		head = c.readings[i].method == "HEAD"
	}
	lengths := f["content-length"]
	ok = len(lengths)+len(f["transfer-encoding"]) <= 1
	switch {
	case status == 204 || status == 304 || head && (a.behind || rest == "" || !a.closes):
	case len(f["transfer-encoding"]) > 0:
		var whole bool
		a.body, rest, whole = readChunks(rest)
		ok = ok && whole
	case len(lengths) > 0:
		n, err := strconv.Atoi(lengths[0])
		if ok = ok && err == nil && n <= len(rest); ok {
			a.body, rest = rest[:n], rest[n:]
		}
	default:
		a.body, rest = rest, ""
	}
	if ok = ok && (!a.closes || rest == ""); ok {
		c.answers = append(c.answers, a)
	}
	return rest, ok
}
