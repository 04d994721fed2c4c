// Package http1 reads and writes HTTP/1.1 messages (RFC 9112) in memory. It
// does no I/O.
//
// # One parse, no ambiguity
//
// A router that reads a request differently from the server behind it lets one
// tenant's bytes be taken for another's request. So a header is parsed once, by
// the narrowest reading of the grammar, and what is sent on is written anew
// from the parsed fields, never copied with its framing. Everything that two
// servers might read as two different messages is an error: see [ParseRequest].
//
// Parsed messages are views of the buffer they were parsed from. Nothing here
// allocates, save [Request] and [Response] growing their field lists once.
package http1
