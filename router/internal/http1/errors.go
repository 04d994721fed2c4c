package http1

import "errors"

// Bounds of a header, in octets and lines.
const (
	MaxHeader = 32 << 10
	MaxLine   = 16 << 10
	MaxTarget = 8 << 10
	MaxFields = 128
	maxMethod = 32
)

// ErrIncomplete says that the header's end is not in the buffer yet.
var ErrIncomplete = errors.New("http1: the header is not complete")

// ParseError says why a message is refused. Its text may be shown to whoever
// sent the message; it quotes nothing of it.
type ParseError struct{ text string }

func (e *ParseError) Error() string { return e.text }

// Errors that callers answer in a way of their own.
var (
	ErrLongTarget = &ParseError{"the request target is too long"}
	ErrLongHeader = &ParseError{"the header is too long"}
	ErrCoding     = &ParseError{"the transfer coding is not supported; send chunked, or a Content-Length"}
)

var (
	errLine        = &ParseError{"a header line has no name"}
	errLongLine    = &ParseError{"a header line is too long"}
	errBareLF      = &ParseError{"lines end with CR LF"}
	errFold        = &ParseError{"header lines must not be folded"}
	errName        = &ParseError{"a header name has a character that is not allowed"}
	errValue       = &ParseError{"a header value has a control character"}
	errManyFields  = &ParseError{"there are too many header lines"}
	errRequestLine = &ParseError{"the request line is not METHOD SP target SP HTTP/1.1"}
	errMethod      = &ParseError{"the method is not a token"}
	errTarget      = &ParseError{"the request target must be a path"}
	errConnect     = &ParseError{"this is not a forward proxy: CONNECT is not supported"}
	errVersion     = &ParseError{"speak HTTP/1.1"}
	errAuthority   = &ParseError{"the request target names another host than the Host header"}
	errHosts       = &ParseError{"send exactly one Host header"}
	errFraming     = &ParseError{"the body's length is ambiguous"}
	errLength      = &ParseError{"Content-Length is not a number"}
	errOldChunked  = &ParseError{"HTTP/1.0 has no transfer codings"}
	errTwice       = &ParseError{"a header that may come once came twice"}
	errStatusLine  = &ParseError{"the status line is not HTTP/1.1 SP code"}
	errChunk       = &ParseError{"a chunk is not well-formed"}
	errTrailer     = &ParseError{"the trailers are too long, or not well-formed"}
)
