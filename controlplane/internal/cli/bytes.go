package cli

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
)

// byteCount is a flag's number of bytes: 1500000, 20MB, 1.5GiB.
type byteCount int64

var byteUnits = []struct {
	name  string
	bytes float64
}{{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"KB", 1e3}, {"MB", 1e6}, {"GB", 1e9}, {"B", 1}}

// String returns the number, or "" for none.
func (b *byteCount) String() string {
	if *b == 0 {
		return ""
	}
	return strconv.FormatInt(int64(*b), 10)
}

// Set takes a value from the command line.
func (b *byteCount) Set(s string) error {
	factor := 1.0
	for _, u := range byteUnits {
		if number, ok := strings.CutSuffix(s, u.name); ok {
			s, factor = strings.TrimSpace(number), u.bytes
			break
		}
	}
	n, err := strconv.ParseFloat(s, 64)
	if err != nil || n < 0 || math.IsNaN(n) || n*factor > 1<<40 {
		return fmt.Errorf("use a number of bytes, for example 500KB or 20MB")
	}
	*b = byteCount(n * factor)
	return nil
}

// Type names the value in help texts.
func (*byteCount) Type() string { return "BYTES" }

// byteText writes bytes for people.
func byteText(n int64) string {
	for _, u := range []struct {
		name  string
		bytes float64
	}{{"GB", 1e9}, {"MB", 1e6}, {"kB", 1e3}} {
		if float64(n) >= u.bytes {
			return fmt.Sprintf("%.1f %s", float64(n)/u.bytes, u.name)
		}
	}
	return strconv.FormatInt(n, 10) + " B"
}

// momentValue is a flag's time: RFC 3339, or how long from now.
type momentValue struct {
	at  time.Time
	now func() time.Time
}

// String returns the time, or "" for none.
func (m *momentValue) String() string {
	if m.at.IsZero() {
		return ""
	}
	return m.at.Format(time.RFC3339)
}

// Set takes a value from the command line.
func (m *momentValue) Set(s string) error {
	if d, err := time.ParseDuration(s); err == nil {
		m.at = m.now().Add(d).UTC()
		return nil
	}
	at, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return fmt.Errorf("use a time like 2026-11-23T22:00:00Z, or how long from now, like 2h")
	}
	m.at = at.UTC()
	return nil
}

// Type names the value in help texts.
func (*momentValue) Type() string { return "TIME" }

func asUUID(s string) (uuid.UUID, bool) {
	if len(s) != 36 {
		return uuid.Nil, false
	}
	id, err := uuid.Parse(s)
	return id, err == nil
}
