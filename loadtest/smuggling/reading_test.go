//go:build smuggling

package smuggling_test

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// reading is one request as RFC 9112 reads it. It shares nothing with the
// router: regular expressions and string functions, slow and plain.
type reading struct {
	method, target, host string
	id                   string // X-Request-Id; a router may give it another
	body                 string
	whole                bool // the body is all there; otherwise the octets ended before it did
	last                 bool // nothing after it on the connection is a request
}

// read returns the requests that octets on one connection mean, up to where
// they stop having one meaning, or stop. Of a request whose body does not end
// well, the header still counts.
func read(octets string) []reading {
	var all []reading
	for {
		for strings.HasPrefix(octets, "\r\n") { // RFC 9112 §2.2
			octets = octets[2:]
		}
		head, rest, ok := strings.Cut(octets, "\r\n\r\n")
		if !ok {
			return all
		}
		r, framing, ok := readHeader(head)
		if !ok {
			return all
		}
		if r.body, octets, r.whole = framing.read(rest); !r.whole {
			r.last = true
		}
		all = append(all, r)
		if r.last {
			return all
		}
	}
}

const token = "[!#$%&'*+.^_`|~0-9A-Za-z-]+"

var (
	requestLine = regexp.MustCompile(`^(` + token + `) ([!-~]+) HTTP/1\.([01])$`)
	fieldLine   = regexp.MustCompile(`^(` + token + `):[\t ]*([\t -~\x80-\x{10ffff}]*)$`)
	absolute    = regexp.MustCompile(`^(?i:https?)://([^/?#]+)(.*)$`)
)

// fields are header fields by name in lower case.
type fields map[string][]string

// readHeader reads what stands before the empty line.
func readHeader(head string) (r reading, b bodyFraming, ok bool) {
	lines := strings.Split(head, "\r\n")
	parts := requestLine.FindStringSubmatch(lines[0])
	if parts == nil {
		return r, b, false
	}
	r.method, r.target = parts[1], parts[2]
	old := parts[3] == "0"
	f := fields{}
	for _, line := range lines[1:] {
		m := fieldLine.FindStringSubmatch(latin1(line))
		if m == nil {
			return r, b, false
		}
		name := strings.ToLower(m[1])
		f[name] = append(f[name], strings.Trim(octetsOf(m[2]), " \t"))
	}
	if len(f["host"]) != 1 || !r.address(f["host"][0]) {
		return r, b, false
	}
	r.id = strings.Join(f["x-request-id"], "|")
	options := strings.ToLower(strings.Join(f["connection"], ","))
	r.last = old && !hasItem(options, "keep-alive") || hasItem(options, "close")
	b, ok = framingOf(f, old)
	return r, b, ok
}

// latin1 makes each octet one character, so that expressions see octets.
func latin1(s string) string {
	runes := make([]rune, len(s))
	for i := range len(s) {
		runes[i] = rune(s[i])
	}
	return string(runes)
}

// octetsOf undoes latin1.
func octetsOf(s string) string {
	b := make([]byte, 0, len(s))
	for _, r := range s {
		b = append(b, byte(r))
	}
	return string(b)
}

func hasItem(list, item string) bool {
	return slices.ContainsFunc(strings.Split(list, ","), func(s string) bool { return strings.Trim(s, " \t") == item })
}

// address reads the target against the host: a path, or a URL of that host. A
// CONNECT asks for a tunnel, which has no reading here, nor has "*".
func (r *reading) address(host string) bool {
	r.host = host
	if m := absolute.FindStringSubmatch(r.target); m != nil {
		if r.target = m[2]; r.target == "" {
			r.target = "/"
		}
		if !strings.EqualFold(m[1], host) {
			return false
		}
	}
	return strings.HasPrefix(r.target, "/") && !strings.Contains(r.target, "#") && r.method != "CONNECT"
}

// bodyFraming says where a body ends.
type bodyFraming struct {
	chunked bool
	length  int
}

// framingOf reads RFC 9112 §6.3 without its ways out: what it lets a server
// repair has no reading.
func framingOf(f fields, old bool) (b bodyFraming, ok bool) {
	lengths, codings := f["content-length"], f["transfer-encoding"]
	switch {
	case len(lengths)+len(codings) > 1, len(codings) == 1 && (old || !strings.EqualFold(codings[0], "chunked")):
		return b, false
	case len(codings) == 1:
		return bodyFraming{chunked: true}, true
	case len(lengths) == 1:
		n, err := strconv.ParseUint(lengths[0], 10, 62)
		return bodyFraming{length: int(n)}, err == nil
	}
	return b, true
}

func (b bodyFraming) read(octets string) (body, rest string, whole bool) {
	if b.chunked {
		return readChunks(octets)
	}
	if len(octets) < b.length {
		return "", "", false
	}
	return octets[:b.length], octets[b.length:], true
}

var (
	chunkLine   = regexp.MustCompile(`^([0-9A-Fa-f]{1,15})(;[\t -~\x80-\x{10ffff}]*)?$`)
	trailerLine = regexp.MustCompile(`^[\t -~\x80-\x{10ffff}]+$`)
)

// readChunks reads RFC 9112 §7.1. What stands in extensions and trailers is
// nobody's business, so long as it is one line each.
func readChunks(octets string) (body, rest string, whole bool) {
	for {
		line, after, ok := strings.Cut(octets, "\r\n")
		m := chunkLine.FindStringSubmatch(latin1(line))
		if !ok || m == nil {
			return "", "", false
		}
		size, err := strconv.ParseUint(m[1], 16, 62)
		if err != nil || size > uint64(len(after)) {
			return "", "", false
		}
		if size == 0 {
			if rest, ok = skipTrailers(after); !ok {
				body = ""
			}
			return body, rest, ok
		}
		body += after[:size]
		if octets, ok = strings.CutPrefix(after[size:], "\r\n"); !ok {
			return "", "", false
		}
	}
}

func skipTrailers(octets string) (rest string, ok bool) {
	for {
		line, after, ok := strings.Cut(octets, "\r\n")
		if !ok {
			return "", false
		}
		if octets = after; line == "" {
			return octets, true
		}
		if !trailerLine.MatchString(latin1(line)) {
			return "", false
		}
	}
}
