package backend

import (
	"bytes"
	"strconv"

	"github.com/coditect/platform/loadtest/benchrouter/internal/workload"
)

const maxRequest = 16 << 10

var (
	header    = []byte("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: " + strconv.Itoa(workload.AnswerSize) + "\r\n\r\n")
	endOfHead = []byte("\r\n\r\n")
	hostName  = []byte("host")
	idName    = []byte("x-tenant-id")
)

// conn is a connection and the request on it. Requests have no bodies.
type conn struct {
	cell           int
	in             []byte
	end            int // of the current request
	host, tenantID []byte
}

// complete reports whether a whole request is there, and reads it.
func (c *conn) complete() bool {
	at := bytes.Index(c.in, endOfHead)
	if at < 0 {
		return false
	}
	c.end = at + len(endOfHead)
	c.host, c.tenantID = nil, nil
	for rest := c.in[:at+2]; len(rest) > 0; {
		line := rest[:bytes.IndexByte(rest, '\n')+1]
		rest = rest[len(line):]
		c.field(line)
	}
	return true
}

// field keeps the two fields that the answer shows.
func (c *conn) field(line []byte) {
	switch {
	case len(line) > 5 && line[4] == ':' && bytes.EqualFold(line[:4], hostName):
		c.host = bytes.TrimSpace(line[5:])
	case len(line) > 12 && line[11] == ':' && bytes.EqualFold(line[:11], idName):
		c.tenantID = bytes.TrimSpace(line[12:])
	}
}

// next drops the request that was answered.
func (c *conn) next() { c.in = c.in[:copy(c.in, c.in[c.end:])] }
