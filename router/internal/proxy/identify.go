package proxy

import (
	"encoding/hex"
	"math/rand/v2"
	"time"

	"github.com/coditect/platform/router/internal/http1"
	"github.com/coditect/platform/router/internal/listen"
)

const maxRequestID = 128

// identify finds out who is at the other end, as far as proxies before the
// router are trusted to say so, and names the request: by the client's sane
// request id, or a new one.
func (x *exchange) identify() {
	x.clientIP, x.secure = x.s.peer, x.s.tls
	if x.s.trusted {
		x.believeProxies()
	}
	if id := x.req.Get(http1.RequestID); len(id) > 0 && len(id) <= maxRequestID && visible(id) {
		x.requestID = id
	} else {
		x.requestID = appendUUIDv7(x.ids[:0], x.start)
	}
	if t := x.s.p.opts.Tracer; t != nil {
		x.beginTrace(t)
	}
}

// believeProxies reads what trusted proxies say of the client.
func (x *exchange) believeProxies() {
	if x.req.Count(http1.ForwardedFor) > 0 {
		var lines [][]byte
		x.req.Each(http1.ForwardedFor, func(value []byte) { lines = append(lines, value) })
		x.clientIP = listen.ClientIP(x.s.peer, lines, x.s.p.opts.Trusted)
	}
	if proto := x.req.Get(http1.ForwardedProto); proto != nil {
		x.secure = http1.EqualFold(proto, "https")
	}
}

func visible(b []byte) bool {
	for _, c := range b {
		if c <= ' ' || c > '~' {
			return false
		}
	}
	return true
}

// appendUUIDv7 appends the text of a UUIDv7 (RFC 9562 §5.7). A request id need
// not be unguessable, so its random part is the runtime's.
func appendUUIDv7(dst []byte, now time.Time) []byte {
	var id [16]byte
	ms := uint64(now.UnixMilli())
	hi, lo := rand.Uint64(), rand.Uint64()
	for i := range 6 {
		id[i] = byte(ms >> (40 - 8*i))
	}
	id[6], id[7] = 0x70|byte(hi>>8)&0x0f, byte(hi)
	for i := range 8 {
		id[8+i] = byte(lo >> (8 * i))
	}
	id[8] = id[8]&0x3f | 0x80
	for i, b := range id {
		if i == 4 || i == 6 || i == 8 || i == 10 {
			dst = append(dst, '-')
		}
		dst = hex.AppendEncode(dst, []byte{b})
	}
	return dst
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
	return !zeros(v[3:35]) && !zeros(v[36:52])
}

func zeros(b []byte) bool {
	for _, c := range b {
		if c != '0' {
			return false
		}
	}
	return true
}

// appendTraceparent appends a new, unsampled trace context. It need not be
// unguessable either.
func appendTraceparent(dst []byte) []byte {
	dst = append(dst, "00-"...)
	dst = appendHex(dst, rand.Uint64()|1)
	dst = appendHex(dst, rand.Uint64())
	dst = append(dst, '-')
	dst = appendHex(dst, rand.Uint64()|1)
	return append(dst, "-00"...)
}

func appendHex(dst []byte, n uint64) []byte {
	const digits = "0123456789abcdef"
	for shift := 60; shift >= 0; shift -= 4 {
		dst = append(dst, digits[n>>shift&0xf])
	}
	return dst
}
