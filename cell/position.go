package cell

import (
	"fmt"
	"strconv"
	"strings"
)

// Position is a place in the log of one database: positions of two databases
// do not compare. The zero Position is before everything.
type Position uint64

// positionHalf is the size of each of the two numbers that a position is
// written as.
const positionHalf = 32

// ParsePosition reads the form that Postgres writes, such as 16/B374D848.
func ParsePosition(text string) (Position, error) {
	high, low, ok := strings.Cut(text, "/")
	h, highErr := strconv.ParseUint(high, 16, positionHalf)
	l, lowErr := strconv.ParseUint(low, 16, positionHalf)
	if !ok || highErr != nil || lowErr != nil {
		return 0, fmt.Errorf("%q is not a position in a log", text)
	}
	return Position(h<<positionHalf | l), nil
}

// String returns the form that Postgres reads.
func (p Position) String() string { return fmt.Sprintf("%X/%X", uint64(p)>>positionHalf, uint32(p)) }

// MarshalText implements [encoding.TextMarshaler].
func (p Position) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText implements [encoding.TextUnmarshaler].
func (p *Position) UnmarshalText(text []byte) (err error) {
	*p, err = ParsePosition(string(text))
	return err
}
