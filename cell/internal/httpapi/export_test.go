package httpapi

import (
	"context"

	"github.com/coditect/platform/cell"
)

// The parsers of what clients send, for fuzzing.
var (
	ParseKey        = parseKey
	ParseIfMatch    = parseIfMatch
	EncodeCursor    = encodeCursor
	DecodeCursor    = decodeCursor
	ReadPermissions = readPermissions
	ReadPrincipal   = readPrincipal
	TimeLeft        = timeLeft
	WithOnce        = withOnce
)

// WithCall is what withCaller does to a request's context.
func WithCall(ctx context.Context, call *cell.Call) context.Context {
	return context.WithValue(ctx, callKey{}, call)
}
