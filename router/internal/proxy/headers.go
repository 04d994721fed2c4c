package proxy

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"strings"

	"github.com/valyala/fasthttp"

	"github.com/coditect/platform/shared/cellapi"
	"github.com/coditect/platform/shared/fault"
)

var errConnection = fault.New(fault.Malformed, "Connection must not name a header that the platform sets")

// trusted are the names that a cell believes; hopByHop belong to one
// connection (RFC 9110 §7.6.1). Both are lower-case, with hyphens.
var (
	trusted = []string{
		"x-tenant-id", "x-tenant-epoch", "x-tenant-principal", "x-tenant-cell", "x-edge-timestamp", "x-edge-signature",
		"x-request-id", "tenant-state", "x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "x-real-ip", "forwarded",
	}
	hopByHop = []string{
		"connection", "keep-alive", "proxy-connection", "proxy-authorization", "proxy-authenticate", "te", "trailer", "upgrade",
	}
)

// prepareHeaders removes what a client must not send on and sets what every
// cell needs; what depends on the cell is set by sign.
func (x *exchange) prepareHeaders() error {
	h := &x.ctx.Request.Header
	if err := checkConnection(h); err != nil {
		return err
	}
	var drop [][]byte
	for name := range h.All() {
		if mustDrop(name) {
			drop = append(drop, bytes.Clone(name))
		}
	}
	for _, name := range drop {
		h.DelBytes(name)
	}
	h.Del("Connection")
	h.Set(cellapi.HeaderRequestID, x.requestID)
	h.Set(cellapi.HeaderTenantID, x.entry.IDText)
	h.Set("X-Forwarded-For", x.ctx.RemoteIP().String())
	h.Set("X-Forwarded-Proto", "http")
	h.SetBytesV("X-Forwarded-Host", h.Host())
	if x.ctx.IsTLS() {
		h.Set("X-Forwarded-Proto", "https")
	}
	if !validTraceparent(h.Peek(cellapi.HeaderTraceparent)) {
		h.Set(cellapi.HeaderTraceparent, newTraceparent())
		h.Del("Tracestate")
	}
	return nil
}

// mustDrop compares without case, and with underscores as hyphens: servers that
// fold both into one name must not see a second X-Tenant-Id.
func mustDrop(name []byte) bool {
	return containsFolded(trusted, name) || containsFolded(hopByHop, name)
}

func containsFolded(names []string, name []byte) bool {
	for _, want := range names {
		if len(want) == len(name) && equalFolded(want, name) {
			return true
		}
	}
	return false
}

func equalFolded(want string, name []byte) bool {
	for i, c := range name {
		switch {
		case c == '_':
			c = '-'
		case 'A' <= c && c <= 'Z':
			c |= 0x20
		}
		if want[i] != c {
			return false
		}
	}
	return true
}

// checkConnection refuses a Connection header that would make a hop in between
// remove a header that the router sets.
func checkConnection(h *fasthttp.RequestHeader) error {
	for _, value := range h.PeekAll("Connection") {
		for _, option := range bytes.Split(value, []byte(",")) {
			option = bytes.TrimSpace(option)
			if containsFolded(trusted, option) || bytes.EqualFold(option, []byte("authorization")) || bytes.EqualFold(option, []byte("traceparent")) {
				return errConnection
			}
		}
	}
	return nil
}

// validTraceparent checks the version 00 form of W3C Trace Context §3.2.
func validTraceparent(v []byte) bool {
	const layout = "00-________________________________-________________-__"
	if len(v) != len(layout) || v[0] != '0' || v[1] != '0' {
		return false
	}
	for i, c := range v {
		if layout[i] == '-' && c != '-' {
			return false
		}
		if layout[i] == '_' && (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return strings.Trim(string(v[3:35]), "0") != "" && strings.Trim(string(v[36:52]), "0") != ""
}

func newTraceparent() string {
	var raw [24]byte
	_, _ = rand.Read(raw[:]) // never fails (crypto/rand)
	out := make([]byte, 0, 55)
	out = append(out, "00-"...)
	out = hex.AppendEncode(out, raw[:16])
	out = append(out, '-')
	out = hex.AppendEncode(out, raw[16:])
	return string(append(out, "-00"...))
}
