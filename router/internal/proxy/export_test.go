package proxy

// For tests of the parsers themselves.
var (
	StrictHeaders    = strictHeaders
	StrictTarget     = strictTarget
	MustDrop         = mustDrop
	ValidTraceparent = validTraceparent
)
