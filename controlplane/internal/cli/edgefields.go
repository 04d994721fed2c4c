package cli

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/coditect/platform/shared/directory"
)

// edgeFields describes a policy for people; none if it is empty.
func edgeFields(p *directory.EdgePolicy) []field {
	var fields []field
	if c := p.CORS; c != nil {
		fields = append(fields,
			field{label: "CORS origins", value: commas(c.AllowedOrigins)},
			field{label: "CORS methods", value: orDefault(commas(c.AllowedMethods), "all")},
			field{label: "CORS headers", value: orDefault(commas(c.AllowedHeaders), "the API's")},
			field{label: "CORS exposed", value: commas(c.ExposedHeaders)},
			field{label: "CORS credentials", value: map[bool]string{true: "yes", false: "no"}[c.AllowCredentials]},
			field{label: "CORS max age", value: seconds(c.MaxAgeSeconds)},
		)
	}
	fields = append(fields, headerFields("Request", p.RequestHeaders)...)
	fields = append(fields, headerFields("Answer", p.ResponseHeaders)...)
	for _, l := range p.Limits {
		fields = append(fields, field{label: "Limit " + oneLine(l.Class), value: limitText(l)})
	}
	return fields
}

func headerFields(of string, h *directory.HeaderRules) []field {
	if h == nil {
		return nil
	}
	var fields []field
	if len(h.Remove) > 0 {
		fields = append(fields, field{label: of + " without", value: commas(h.Remove)})
	}
	for _, rule := range h.Set {
		fields = append(fields, field{label: of + " with", value: rule.Name + ": " + rule.Value})
	}
	return fields
}

func limitText(l directory.Limit) string {
	var parts []string
	add := func(set bool, format string, figure any) {
		if set {
			parts = append(parts, fmt.Sprintf(format, figure))
		}
	}
	add(l.PerSecond > 0, "%s/s", strconv.FormatFloat(l.PerSecond, 'f', -1, 64))
	add(l.Burst > 0, "burst %d", l.Burst)
	add(l.Concurrent > 0, "%d at once", l.Concurrent)
	add(l.MaxBody > 0, "body %d bytes", l.MaxBody)
	return orDefault(strings.Join(parts, ", "), "unbounded")
}

func seconds(n int) string {
	if n == 0 {
		return "10m0s"
	}
	return strconv.Itoa(n) + "s"
}

func commas(words []string) string { return strings.Join(words, ", ") }

func orDefault(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}
