package http1

import (
	"net/http"
	"strconv"
)

// AppendField appends a header line.
func AppendField(dst []byte, name string, value []byte) []byte {
	dst = append(append(dst, name...), ": "...)
	return append(append(dst, value...), '\r', '\n')
}

// AppendFieldString is [AppendField] for a string.
func AppendFieldString(dst []byte, name, value string) []byte {
	dst = append(append(dst, name...), ": "...)
	return append(append(dst, value...), '\r', '\n')
}

// AppendLength appends a Content-Length line.
func AppendLength(dst []byte, length int64) []byte {
	dst = append(dst, "Content-Length: "...)
	return append(strconv.AppendInt(dst, length, 10), '\r', '\n')
}

// AppendStatus appends a status line.
func AppendStatus(dst []byte, status int) []byte {
	dst = append(dst, "HTTP/1.1 "...)
	dst = append(strconv.AppendInt(dst, int64(status), 10), ' ')
	return append(append(dst, http.StatusText(status)...), '\r', '\n')
}

// MaxChunkHead is the most that [AppendChunkHead] appends.
const MaxChunkHead = 18

// AppendChunkHead appends the line before a chunk of n octets, n > 0.
func AppendChunkHead(dst []byte, n int) []byte {
	return append(strconv.AppendInt(dst, int64(n), 16), '\r', '\n')
}

// LastChunk ends a chunked body without trailers.
const LastChunk = "0\r\n\r\n"
