package loadgen

import (
	"bytes"
	"fmt"
)

const maxAnswer = 4 << 10

var (
	endOfHead     = []byte("\r\n\r\n")
	version       = []byte("HTTP/1.1 ")
	statusOK      = []byte("200")
	statusBusy    = []byte("503")
	contentLength = []byte("content-length")
)

// answer is one answer, as parts of the buffer that it was read into.
type answer struct{ status, body []byte }

// parse finds the first answer in b and where it ends; end is 0 while the answer
// is not complete. It reads what a benchmark's answers have: a status line and a
// Content-Length.
func parse(b []byte) (a answer, end int, err error) {
	at := bytes.Index(b, endOfHead)
	if at < 0 {
		return a, 0, nil
	}
	if !bytes.HasPrefix(b, version) || at < len(version)+len(statusOK) {
		return a, 0, fmt.Errorf("no status line: %q", b[:min(len(b), 120)])
	}
	length, err := lengthOf(b[:at+2])
	if err != nil {
		return a, 0, err
	}
	a.status = b[len(version) : len(version)+len(statusOK)]
	at += len(endOfHead)
	if len(b) < at+length {
		return a, 0, nil
	}
	a.body = b[at : at+length]
	return a, at + length, nil
}

// lengthOf reads the Content-Length.
func lengthOf(head []byte) (int, error) {
	for rest := head; len(rest) > 0; {
		end := bytes.IndexByte(rest, '\n') + 1
		line := rest[:end]
		rest = rest[end:]
		if len(line) <= len(contentLength) || line[len(contentLength)] != ':' || !bytes.EqualFold(line[:len(contentLength)], contentLength) {
			continue
		}
		return number(bytes.TrimSpace(line[len(contentLength)+1:]))
	}
	return 0, fmt.Errorf("no Content-Length in %q", head)
}

func number(digits []byte) (n int, err error) {
	for _, c := range digits {
		if c < '0' || c > '9' || n > maxAnswer {
			return 0, fmt.Errorf("length %q", digits)
		}
		n = n*10 + int(c-'0')
	}
	if len(digits) == 0 {
		return 0, fmt.Errorf("length %q", digits)
	}
	return n, nil
}

// check compares an answer with what the right one's body begins with.
func (a *answer) check(want []byte, size int) error {
	if !bytes.Equal(a.status, statusOK) {
		return fmt.Errorf("status %s: %q", a.status, a.body[:min(len(a.body), 300)])
	}
	if len(a.body) != size || !bytes.HasPrefix(a.body, want) {
		return fmt.Errorf("%d bytes %q, want %d bytes %q", len(a.body), a.body[:min(len(a.body), 120)], size, want)
	}
	return nil
}

// refused reports whether the other side declined to serve.
func (a *answer) refused() bool { return bytes.Equal(a.status, statusBusy) }
