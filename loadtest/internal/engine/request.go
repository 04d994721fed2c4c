package engine

import (
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Request is what is sent. It has no headers but these.
type Request struct {
	Method, Path string
	Host         string
	Key          string // of the API; empty: none
	Once         string // Idempotency-Key; empty: none
	Patch        bool   // the body is a merge patch
	Body         []byte
}

// contentType of the body.
func (r *Request) contentType() string {
	if r.Patch {
		return "application/merge-patch+json"
	}
	return "application/json"
}

// Options is what both engines need.
type Options struct {
	Address string        // host:port
	Timeout time.Duration // of one request, the connection's beginning included
	Source  netip.Addr    // of connections; invalid: the kernel's choice
}

// Codes of requests that were not answered.
const (
	TimedOut = "timeout"
	Refused  = "refused" // nobody listens
	Reset    = "reset"   // the connection ended
	Broken   = "broken"  // what came is no answer, or anything else
)

// Code names the outcome for a report: a status, or one of the codes.
func Code(status int, err error) string {
	var network net.Error
	switch {
	case err == nil:
		return strconv.Itoa(status)
	case errors.Is(err, os.ErrDeadlineExceeded), errors.As(err, &network) && network.Timeout():
		return TimedOut
	case errors.Is(err, syscall.ECONNREFUSED):
		return Refused
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF),
		strings.Contains(err.Error(), "closed connection"):
		return Reset
	}
	return Broken
}
