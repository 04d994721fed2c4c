//go:build smuggling

package smuggling_test

import (
	"errors"
	"io"
	"net"
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
	wrong    string // what is wrong with the answers themselves
}

// answer is a response to a client.
type answer struct {
	status int
	id     string // the router's X-Request-Id
	echo   string // the id that the server behind answers
	behind bool   // it comes from a server behind: the router dates nothing
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
	c.parse(raw)
	return c
}

// exchange writes all segments, ends its half of the connection, and reads to
// the other's end. An abrupt client reads nothing and resets.
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
		if !c.abrupt {
			_ = conn.CloseWrite() // likewise
		}
	}()
	if c.abrupt {
		<-written
		return "", conn.SetLinger(0)
	}
	all, err := io.ReadAll(conn)
	<-written
	return string(all), err
}

// parse reads answers as strictly as a client can that knows what it asked for.
func (c *conversation) parse(raw string) {
	for raw != "" && c.wrong == "" {
		head, rest, ok := strings.Cut(raw, "\r\n\r\n")
		lines := strings.Split(head, "\r\n")
		version, after, _ := strings.Cut(lines[0], " ")
		status, err := strconv.Atoi(after[:min(3, len(after))])
		if !ok || err != nil || version != "HTTP/1.1" {
			if !c.cut {
				c.wrong = "this is no answer: " + strconv.Quote(raw[:min(len(raw), 200)])
			}
			return
		}
		if status == 100 {
			raw = rest
			continue
		}
		f := fields{}
		for _, line := range lines[1:] {
			name, value, _ := strings.Cut(line, ":")
			name = strings.ToLower(name)
			f[name] = append(f[name], strings.TrimSpace(value))
		}
		raw = c.take(status, f, rest)
	}
}

// take takes one answer's body off rest.
func (c *conversation) take(status int, f fields, rest string) (after string) {
	a := answer{
		status: status, id: strings.Join(f["x-request-id"], "|"), echo: strings.Join(f["echo-id"], "|"), behind: len(f["date"]) > 0,
		closes: strings.EqualFold(strings.Join(f["connection"], ","), "close"),
	}
	head := false
	if i := len(c.answers); i < len(c.readings) {
		head = c.readings[i].method == "HEAD"
	}
	lengths := f["content-length"]
	ok := len(lengths)+len(f["transfer-encoding"]) <= 1
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
	if ok = ok && (!a.closes || rest == ""); !ok && !c.cut {
		c.wrong = "an answer does not end where it says: " + strconv.Quote(rest[:min(len(rest), 200)])
	}
	c.answers = append(c.answers, a)
	return rest
}
