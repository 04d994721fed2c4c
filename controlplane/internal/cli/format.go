package cli

import (
	"fmt"
	"strings"
)

// format is the value of -o.
type format string

const (
	formatTable format = "table"
	formatWide  format = "wide"
	formatJSON  format = "json"
	formatJSONL format = "jsonl"
)

var formats = []string{string(formatTable), string(formatWide), string(formatJSON), string(formatJSONL)}

// choice is a flag that takes one of a few words.
type choice struct {
	value   *string
	allowed []string
}

// String returns the present value.
func (c choice) String() string {
	if c.value == nil {
		return ""
	}
	return *c.value
}

// Set takes a value from the command line.
func (c choice) Set(s string) error {
	for _, word := range c.allowed {
		if s == word {
			*c.value = s
			return nil
		}
	}
	return fmt.Errorf("use one of %s", strings.Join(c.allowed, ", "))
}

// Type names the value in help texts.
func (c choice) Type() string { return strings.Join(c.allowed, "|") }

func (f format) forPrograms() bool { return f == formatJSON || f == formatJSONL }
