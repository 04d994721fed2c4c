package tenancy

import (
	"errors"
	"fmt"

	"github.com/google/uuid"
)

// ID identifies a tenant for ever: a UUIDv7 (RFC 9562), so that ids sort by
// their time of creation. An id is never given to a second tenant.
type ID uuid.UUID

// ErrInvalidID is wrapped by every error of [ParseID].
var ErrInvalidID = errors.New("invalid tenant id")

// NewID returns a fresh tenant id.
func NewID() ID { return ID(uuid.Must(uuid.NewV7())) }

// ParseID reads the canonical 36-character form, in either case, and nothing
// else: braces, URN prefixes and bare hex are refused, so that one tenant has
// one spelling.
func ParseID(s string) (ID, error) {
	if len(s) != 36 {
		return ID{}, fmt.Errorf("%w: want 36 characters, got %d", ErrInvalidID, len(s))
	}
	u, err := uuid.Parse(s)
	if err != nil {
		return ID{}, fmt.Errorf("%w: not a UUID", ErrInvalidID)
	}
	return ID(u), nil
}

// IsZero reports whether the id is unset.
func (id ID) IsZero() bool { return id == ID{} }

// String returns the canonical lower-case form.
func (id ID) String() string { return uuid.UUID(id).String() }

// AppendText appends the canonical form to b.
func (id ID) AppendText(b []byte) ([]byte, error) {
	var buf [36]byte
	encodeHex(&buf, id)
	return append(b, buf[:]...), nil
}

// MarshalText implements [encoding.TextMarshaler].
func (id ID) MarshalText() ([]byte, error) { return id.AppendText(nil) }

// UnmarshalText implements [encoding.TextUnmarshaler] with the rules of [ParseID].
func (id *ID) UnmarshalText(text []byte) error {
	parsed, err := ParseID(string(text))
	if err != nil {
		return err
	}
	*id = parsed
	return nil
}

func encodeHex(dst *[36]byte, id ID) {
	const digits = "0123456789abcdef"
	at := 0
	for i, b := range id {
		if i == 4 || i == 6 || i == 8 || i == 10 {
			dst[at] = '-'
			at++
		}
		dst[at], dst[at+1] = digits[b>>4], digits[b&0x0f]
		at += 2
	}
}
