package policy

import (
	"bytes"
	"net/http"
	"strconv"
	"time"

	"github.com/coditect/platform/shared/fault"
)

// version is a version with its header lines written out.
type version struct {
	prefix []byte
	sunset time.Time
	lines  []byte
	gone   *fault.Error
}

func compileVersion(v Version) version {
	out := version{prefix: []byte(v.Prefix), sunset: v.Sunset}
	if !v.Deprecated.IsZero() { // RFC 9745 §2.1: a structured-field date
		out.lines = append(out.lines, "Deprecation: @"...)
		out.lines = append(strconv.AppendInt(out.lines, v.Deprecated.Unix(), 10), '\r', '\n')
	}
	if !v.Sunset.IsZero() { // RFC 8594 §3: an HTTP date
		out.lines = append(out.lines, "Sunset: "...)
		out.lines = append(v.Sunset.UTC().AppendFormat(out.lines, http.TimeFormat), '\r', '\n')
		out.gone = fault.New(fault.Gone, "version %s of the API ended on %s", v.Prefix[1:], v.Sunset.UTC().Format(time.DateOnly))
	}
	if v.Link != "" && len(out.lines) > 0 {
		out.lines = append(append(append(out.lines, "Link: <"...), v.Link...), ">; rel=\"sunset\"\r\n"...)
	}
	return out
}

var errVersion = fault.New(fault.NotFound, "this version of the API does not exist")

// Version returns the header lines that go with answers to a path, and a fault
// if the path's version has ended or never was. Paths without a version pass.
func (r *Rules) Version(path []byte, now time.Time) (lines []byte, denied *fault.Error) {
	for i := range r.versions {
		v := &r.versions[i]
		if !underneath(path, v.prefix) {
			continue
		}
		if v.gone != nil && now.After(v.sunset) {
			return v.lines, v.gone
		}
		return v.lines, nil
	}
	if end := bytes.IndexByte(path[1:], '/'); end > 0 && len(r.versions) > 0 && isVersion(string(path[:end+1])) {
		return nil, errVersion
	}
	return nil, nil
}

// isVersion reports whether s is "/v" and a number.
func isVersion(s string) bool {
	if len(s) < 3 || len(s) > 6 || s[:2] != "/v" {
		return false
	}
	_, err := strconv.ParseUint(s[2:], 10, 16)
	return err == nil
}
