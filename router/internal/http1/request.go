package http1

import "bytes"

// Request is a parsed request header. Its slices are views of the buffer.
type Request struct {
	header
	Method        []byte
	Target        []byte // origin form: path and query, as sent
	Host          []byte // as sent, with its port
	HTTP10        bool
	ContentLength int64 // -1: not said
	Chunked       bool
	Close         bool // the client will not reuse the connection
}

// Reset forgets the message, and so the buffer that it is a view of.
func (r *Request) Reset() {
	r.reset()
	*r = Request{header: r.header, ContentLength: -1}
}

// once are fields of which a second one would be a second opinion.
var once = [...]Name{Authorization, TenantID, Origin, Expect, WebSocketKey, ContentType, Traceparent, Upgrade, RequestID}

// ParseRequest parses the header at the start of b and returns its length, with
// the empty line. One empty line before it is skipped (RFC 9112 §2.2).
//
// Refused, beside what is not of the grammar (RFC 9112 §§ 2-6): bare LF and CR,
// folded lines, white space before a colon, control characters, versions other
// than 1.0 and 1.1, targets that are no path (absolute form is read as one if
// it agrees with Host), not exactly one Host, Content-Length beside
// Transfer-Encoding, either of them twice or as a list, codings other than
// chunked, names that look like theirs, and lines or headers that are too long.
func ParseRequest(b []byte, r *Request) (n int, err error) {
	r.Reset()
	whole := b
	if len(b) >= 2 && b[0] == '\r' && b[1] == '\n' {
		b = b[2:]
	}
	end := bytes.IndexByte(b, '\n')
	if end < 0 {
		if len(b) > MaxTarget+maxMethod+16 {
			return 0, ErrLongTarget
		}
		return 0, incompleteLine(b)
	}
	if end == 0 || b[end-1] != '\r' {
		return 0, errBareLF
	}
	if err := r.parseRequestLine(b[:end-1]); err != nil {
		return 0, err
	}
	rest, err := r.parseFields(b[end+1:])
	if err != nil {
		if err == ErrIncomplete && len(whole) >= MaxHeader { //nolint:errorlint // it is our own, unwrapped
			return 0, ErrLongHeader
		}
		return 0, err
	}
	if n = len(whole) - len(rest); n > MaxHeader {
		return 0, ErrLongHeader
	}
	return n, r.check()
}

// incompleteLine refuses at once what cannot become a request line: a client
// that speaks TLS or another protocol need not wait for a time-out.
func incompleteLine(b []byte) error {
	for i, c := range b {
		if c == ' ' && i > 0 {
			return ErrIncomplete
		}
		if classes[c]&isToken == 0 && c != '\r' || i > maxMethod {
			return errMethod
		}
	}
	return ErrIncomplete
}

func (r *Request) parseRequestLine(line []byte) error {
	space := bytes.IndexByte(line, ' ')
	if space < 0 {
		return errRequestLine
	}
	if r.Method = line[:space]; space > maxMethod || !IsToken(r.Method) {
		return errMethod
	}
	line = line[space+1:]
	if space = bytes.IndexByte(line, ' '); space < 0 {
		return errRequestLine
	}
	r.Target = line[:space]
	switch version := line[space+1:]; string(version) {
	case "HTTP/1.1":
		r.HTTP10 = false
	case "HTTP/1.0":
		r.HTTP10 = true
	default:
		return errVersion
	}
	if len(r.Target) > MaxTarget {
		return ErrLongTarget
	}
	if len(r.Target) == 0 || !all(r.Target, isTarget) {
		return errTarget
	}
	return nil
}

// check looks at what the fields say together.
func (r *Request) check() error {
	if r.count[Host] != 1 {
		return errHosts
	}
	r.Host = r.Get(Host)
	if err := r.checkTarget(); err != nil {
		return err
	}
	for _, n := range once {
		if r.count[n] > 1 {
			return errTwice
		}
	}
	r.Close = r.HTTP10 && !r.Has(Connection, "keep-alive") || r.Has(Connection, "close")
	var err error
	r.ContentLength, r.Chunked, err = r.framing(r.HTTP10)
	return err
}

// checkTarget accepts origin form, and absolute form (RFC 9112 §3.2.2) that
// names the same authority as Host. A leading "//" reads as an authority, too.
func (r *Request) checkTarget() error {
	if string(r.Method) == "CONNECT" { // a server that takes it turns the connection into a tunnel (RFC 9110 §9.3.6)
		return errConnect
	}
	if r.Target[0] == '/' {
		if len(r.Target) > 1 && r.Target[1] == '/' {
			return errTarget
		}
		return nil
	}
	rest, ok := cutPrefixFold(r.Target, "http://")
	if !ok {
		if rest, ok = cutPrefixFold(r.Target, "https://"); !ok {
			return errTarget
		}
	}
	slash := bytes.IndexByte(rest, '/')
	if slash < 0 {
		slash = len(rest)
	}
	if !bytes.EqualFold(rest[:slash], r.Host) {
		return errAuthority
	}
	if r.Target = rest[slash:]; len(r.Target) == 0 {
		r.Target = root
	}
	if len(r.Target) > 1 && r.Target[1] == '/' {
		return errTarget
	}
	return nil
}

var root = []byte("/")

func cutPrefixFold(b []byte, prefix string) ([]byte, bool) {
	if len(b) < len(prefix) || !equalFold(b[:len(prefix)], prefix) {
		return b, false
	}
	return b[len(prefix):], true
}

// HasBody reports whether a body follows the header.
func (r *Request) HasBody() bool { return r.Chunked || r.ContentLength > 0 }

// WebSocket reports whether the client asks to go on as WebSocket (RFC 6455 §4.1).
func (r *Request) WebSocket() bool {
	return equalFold(r.Get(Upgrade), "websocket") && r.Has(Connection, "upgrade") && !r.HTTP10 && string(r.Method) == "GET" && !r.HasBody()
}
