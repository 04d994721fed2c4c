package httpapi

// The parsers of what clients send, for fuzzing.
var (
	ParseKey        = parseKey
	ParseIfMatch    = parseIfMatch
	EncodeCursor    = encodeCursor
	DecodeCursor    = decodeCursor
	ReadPermissions = readPermissions
)
