package policy

import (
	"slices"
	"strings"

	"github.com/coditect/platform/shared/directory"
)

// Headers are header rules made ready: the names that do not pass, in lower
// case, and the lines that are added.
type Headers struct {
	drop  []string
	Lines []byte
}

// CompileHeaders makes rules ready. Values were checked when the rules were
// accepted; a line break that got in anyway is dropped with its rule.
func CompileHeaders(in *directory.HeaderRules) Headers {
	var h Headers
	if in == nil {
		return h
	}
	for _, name := range in.Remove {
		h.drop = append(h.drop, strings.ToLower(name))
	}
	for _, f := range in.Set {
		if strings.ContainsAny(f.Name+f.Value, "\r\n\x00") {
			continue
		}
		h.drop = append(h.drop, strings.ToLower(f.Name))
		h.Lines = append(h.Lines, f.Name+": "+f.Value+"\r\n"...)
	}
	slices.Sort(h.drop)
	return h
}

// Drops reports whether a field does not pass.
func (h *Headers) Drops(name []byte) bool {
	for _, d := range h.drop {
		if len(d) == len(name) && equalFold(name, d) {
			return true
		}
	}
	return false
}

// Empty reports whether the rules change nothing.
func (h *Headers) Empty() bool { return len(h.drop) == 0 }

func equalFold(b []byte, want string) bool {
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			c |= 0x20
		}
		if c != want[i] {
			return false
		}
	}
	return true
}
