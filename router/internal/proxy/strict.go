package proxy

import (
	"bytes"

	"github.com/valyala/fasthttp"

	"github.com/coditect/platform/shared/fault"
)

// strict refuses what two servers could read as two different requests (RFC
// 9112 §§ 3.2, 5, 6, 11.2). What fasthttp refuses by itself is not repeated.
func strict(ctx *fasthttp.RequestCtx) error {
	h := &ctx.Request.Header
	if !bytes.Equal(h.Protocol(), http11) && !bytes.Equal(h.Protocol(), http10) {
		return errVersion
	}
	if ctx.IsConnect() {
		return errConnect
	}
	if err := strictTarget(h.RequestURI()); err != nil {
		return err
	}
	return strictHeaders(h.RawHeaders())
}

var (
	http11 = []byte("HTTP/1.1")
	http10 = []byte("HTTP/1.0")

	errVersion = fault.New(fault.Malformed, "speak HTTP/1.1")
	errConnect = fault.New(fault.MethodNotAllowed, "this is not a forward proxy")
	errTarget  = fault.New(fault.Malformed, "the request target must be a path")
	errFold    = fault.New(fault.Malformed, "header lines must not be folded")
	errLine    = fault.New(fault.Malformed, "a header line is not well-formed")
	errFraming = fault.New(fault.Malformed, "the body's length is ambiguous")
	errHosts   = fault.New(fault.Malformed, "send exactly one Host header")
)

// strictTarget accepts origin form only. Absolute form would name an authority
// a second time; clients use it towards forward proxies, which this is not. A
// leading "//" reads as one, too.
func strictTarget(target []byte) error {
	if len(target) == 0 || target[0] != '/' || bytes.HasPrefix(target, slashes) || bytes.IndexByte(target, '#') >= 0 || !visible(target) {
		return errTarget
	}
	return nil
}

// strictHeaders reads the header block as it stood on the wire.
func strictHeaders(raw []byte) error {
	var hosts, lengths, encodings int
	for len(raw) > 0 {
		line, rest, _ := bytes.Cut(raw, lf)
		raw = rest
		line, hadCR := bytes.CutSuffix(line, cr)
		if len(line) == 0 {
			break
		}
		if !hadCR {
			return errLine // bare LF
		}
		name, err := fieldName(line)
		if err != nil {
			return err
		}
		switch {
		case bytes.EqualFold(name, nameHost):
			hosts++
		case bytes.EqualFold(name, nameLength):
			lengths++
		case bytes.EqualFold(name, nameEncoding):
			encodings++
		case looksLikeEncoding(name):
			return errFraming
		}
	}
	switch {
	case hosts != 1:
		return errHosts
	case lengths > 1 || encodings > 1 || lengths+encodings > 1:
		return errFraming
	}
	return nil
}

// fieldName returns the name of a header line, checking name and value.
func fieldName(line []byte) ([]byte, error) {
	if line[0] == ' ' || line[0] == '\t' {
		return nil, errFold
	}
	colon := bytes.IndexByte(line, ':')
	if colon <= 0 {
		return nil, errLine
	}
	for _, c := range line[:colon] {
		if !tokenByte[c] {
			return nil, errLine
		}
	}
	for _, c := range line[colon+1:] {
		if c < ' ' && c != '\t' || c == 0x7f {
			return nil, errLine
		}
	}
	return line[:colon], nil
}

// looksLikeEncoding finds names that some server might take for
// Transfer-Encoding: the same letters with anything else between them.
func looksLikeEncoding(name []byte) bool {
	const want = "transferencoding"
	at := 0
	for _, c := range name {
		c |= 0x20
		if c < 'a' || c > 'z' {
			continue
		}
		if at == len(want) || c != want[at] {
			return false
		}
		at++
	}
	return at == len(want)
}

var (
	lf           = []byte("\n")
	cr           = []byte("\r")
	slashes      = []byte("//")
	nameHost     = []byte("Host")
	nameLength   = []byte("Content-Length")
	nameEncoding = []byte("Transfer-Encoding")

	tokenByte = tokenTable()
)

// tokenTable marks the characters of a token (RFC 9110 §5.6.2).
func tokenTable() (t [256]bool) {
	for _, c := range []byte("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") {
		t[c] = true
	}
	return t
}
