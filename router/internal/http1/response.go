package http1

import "bytes"

// Response is a parsed response header. Its slices are views of the buffer.
type Response struct {
	header
	Status        int
	HTTP10        bool
	ContentLength int64 // -1: not said; the body then ends with its chunks, or with the connection
	Chunked       bool
	Close         bool // the server will not reuse the connection
}

// ParseResponse parses the header at the start of b and returns its length. It
// is as narrow as [ParseRequest] about framing: an answer that two readers could
// end at two places would let one tenant's answer run into another's.
func ParseResponse(b []byte, r *Response) (n int, err error) {
	r.reset()
	end := bytes.IndexByte(b, '\n')
	if end < 0 {
		if len(b) > MaxLine {
			return 0, errLongLine
		}
		return 0, ErrIncomplete
	}
	if end == 0 || b[end-1] != '\r' {
		return 0, errBareLF
	}
	if err := r.parseStatusLine(b[:end-1]); err != nil {
		return 0, err
	}
	rest, err := r.parseFields(b[end+1:])
	if err != nil {
		if err == ErrIncomplete && len(b) >= MaxHeader { //nolint:errorlint // it is our own, unwrapped
			return 0, ErrLongHeader
		}
		return 0, err
	}
	r.Close = r.HTTP10 && !r.Has(Connection, "keep-alive") || r.Has(Connection, "close")
	if r.ContentLength, r.Chunked, err = r.framing(r.HTTP10); err != nil {
		return 0, err
	}
	return len(b) - len(rest), nil
}

func (r *Response) parseStatusLine(line []byte) error {
	const least = len("HTTP/1.1 200")
	if len(line) < least || line[8] != ' ' || len(line) > least && line[least] != ' ' {
		return errStatusLine
	}
	switch string(line[:8]) {
	case "HTTP/1.1":
		r.HTTP10 = false
	case "HTTP/1.0":
		r.HTTP10 = true
	default:
		return errStatusLine
	}
	r.Status = 0
	for _, c := range line[9:least] {
		if c < '0' || c > '9' {
			return errStatusLine
		}
		r.Status = r.Status*10 + int(c-'0')
	}
	if r.Status < 100 || !IsFieldValue(line[least:]) {
		return errStatusLine
	}
	return nil
}

// NoBody reports whether the answer has no body whatever its header says (RFC
// 9112 §6.3): to HEAD, and with 1xx, 204 and 304.
func (r *Response) NoBody(method []byte) bool {
	return r.Status < 200 || r.Status == 204 || r.Status == 304 || string(method) == "HEAD"
}
