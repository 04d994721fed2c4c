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
// connection (RFC 9110 §7.6.1), or to the framing that the router does anew;
// needed must not be dropped on a client's word. All lower-case, with hyphens.
var (
	trusted = []string{
		"x-tenant-id", "x-tenant-epoch", "x-tenant-principal", "x-tenant-cell", "x-edge-timestamp", "x-edge-signature",
		"x-request-id", "tenant-state", "x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "x-real-ip", "forwarded",
	}
	hopByHop = []string{
		"connection", "keep-alive", "proxy-connection", "proxy-authorization", "proxy-authenticate", "te", "trailer", "upgrade",
		"close", "host", "content-length", "transfer-encoding", "expect",
	}
	needed = []string{"authorization", "traceparent", "host", "content-length", "content-type", "cookie"}
)

// prepareHeaders builds the cell's request from the client's: what may pass is
// copied, what every cell needs is set; what depends on the cell is set by sign.
// Trailers are not copied: they would arrive behind the signature.
func (x *exchange) prepareHeaders() error {
	in, out := &x.ctx.Request.Header, &x.out.Header
	listed, err := connectionOptions(in)
	if err != nil {
		return err
	}
	out.SetMethodBytes(in.Method())
	out.SetRequestURIBytes(in.RequestURI())
	for name, value := range in.All() {
		if !mustDrop(name) && !containsFold(listed, name) {
			out.AddBytesKV(name, value)
		}
	}
	out.SetHostBytes(in.Host())
	out.Set(cellapi.HeaderRequestID, x.requestID)
	out.Set(cellapi.HeaderTenantID, x.entry.IDText)
	out.Set("X-Forwarded-For", x.ctx.RemoteIP().String())
	out.Set("X-Forwarded-Proto", "http")
	if x.ctx.IsTLS() {
		out.Set("X-Forwarded-Proto", "https")
	}
	out.SetBytesV("X-Forwarded-Host", in.Host())
	if !validTraceparent(in.Peek(cellapi.HeaderTraceparent)) {
		out.Set(cellapi.HeaderTraceparent, newTraceparent())
		out.Del("Tracestate")
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

// connectionOptions returns the names that belong to this hop alone by the
// client's word (RFC 9110 §7.6.1). It refuses one that would make the router
// drop a header that the platform needs.
func connectionOptions(h *fasthttp.RequestHeader) ([][]byte, error) {
	var listed [][]byte
	for _, value := range h.PeekAll("Connection") {
		for option := range bytes.SplitSeq(value, []byte(",")) {
			option = bytes.TrimSpace(option)
			if containsFolded(trusted, option) || containsFolded(needed, option) {
				return nil, errConnection
			}
			if !containsFolded(hopByHop, option) && len(option) > 0 {
				listed = append(listed, option)
			}
		}
	}
	return listed, nil
}

func containsFold(names [][]byte, name []byte) bool {
	for _, n := range names {
		if bytes.EqualFold(n, name) {
			return true
		}
	}
	return false
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
