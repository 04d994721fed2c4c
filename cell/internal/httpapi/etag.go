package httpapi

import (
	"strconv"
	"strings"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/shared/fault"
)

// etag renders a row's version as a strong entity tag.
func etag(version int64) *string {
	text := `"v` + strconv.FormatInt(version, 10) + `"`
	return &text
}

// maxETags bounds the list in an If-Match header.
const maxETags = 16

// parseIfMatch reads an If-Match header (RFC 9110 §13.1.1). Weak tags and tags
// that this API never made match nothing.
func parseIfMatch(header *string) (cell.Precondition, error) {
	if header == nil || strings.TrimSpace(*header) == "*" {
		return nil, nil
	}
	tags := strings.Split(*header, ",")
	if len(tags) > maxETags {
		return nil, badIfMatch()
	}
	pre := cell.Precondition{}
	for _, tag := range tags {
		tag = strings.TrimSpace(tag)
		opaque, quoted := strings.CutPrefix(strings.TrimPrefix(tag, "W/"), `"`)
		opaque, closed := strings.CutSuffix(opaque, `"`)
		if !quoted || !closed || strings.Contains(opaque, `"`) {
			return nil, badIfMatch()
		}
		digits, ours := strings.CutPrefix(opaque, "v")
		version, err := strconv.ParseInt(digits, 10, 64)
		if ours && err == nil && !strings.HasPrefix(tag, "W/") {
			pre = append(pre, version)
		}
	}
	return pre, nil
}

func badIfMatch() error {
	return fault.New(fault.Invalid, "the request breaks rules of the API").At("If-Match", `use an ETag as it was sent, such as "v3"`)
}
