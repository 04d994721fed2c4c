//go:build smuggling

package smuggling_test

import (
	"fmt"
	"strings"
)

// otherEnds are line ends that are none.
var otherEnds = []string{"\n", "\r", "\n\r", "\r\r\n", "\r\n\n", "\r\x00\n", "\x00\r\n", " \n", "\v", "\f", "\x85", "\xe2\x80\xa8", "\r\n\r", "\n\n", ""}

// lineEnds spoils each line end of a request in turn, then all of them.
func lineEnds() []mutation {
	var all []mutation
	for _, end := range otherEnds {
		for line := range 6 {
			all = append(all, attack(fmt.Sprintf("line %d ends with %q", line, end), func(p *place) string {
				text := p.sized("POST", "X-A: b\r\nX-C: d\r\n", lastChunk+p.hidden())
				lines := strings.SplitAfterN(text, "\r\n", line+2)
				last := min(line, len(lines)-2)
				lines[last] = strings.TrimSuffix(lines[last], "\r\n") + end
				return strings.Join(lines, "")
			}))
		}
		all = append(all, attack(fmt.Sprintf("all lines end with %q", end), func(p *place) string {
			return strings.ReplaceAll(p.main("POST", "Content-Length: 0\r\n", ""), "\r\n", end) + p.hidden()
		}), attack(fmt.Sprintf("a header of its own within a value after %q", end), func(p *place) string {
			return p.main("GET", "X-A: b"+end+"X-Tenant-Id: 0"+end+"X-B: c\r\n", "")
		}), attack(fmt.Sprintf("a request within a value after %q", end), func(p *place) string {
			return p.main("GET", "X-A: b"+end+end+p.hidden(), "")
		}), attack(fmt.Sprintf("before the request: %q", end), func(p *place) string { return end + p.main("GET", "", "") }),
			attack(fmt.Sprintf("between requests: %q", end), func(p *place) string {
				return p.sized("POST", "", "x") + end + p.request("GET", "next", "", "")
			}))
	}
	return all
}

func foldedLines() []mutation {
	var all []mutation
	for _, fold := range []string{"\r\n ", "\r\n\t", "\n ", "\n\t", "\r ", "\r\n  \t ", "\r\n \r\n ", "\r\n\v", "\r\n\x00 ", "\r\n\xa0"} {
		for _, line := range []string{
			"X-A: bFOLDc", "X-A:FOLDb", "X-AFOLD: b", "Transfer-Encoding:FOLDchunked", "Transfer-Encoding: chunkedFOLD", "Transfer-Encoding: chunked,FOLDidentity",
			"Content-Length:FOLD5", "Content-Length: 5FOLD0", "X-A: bFOLDTransfer-Encoding: chunked", "X-A: bFOLDContent-Length: 3", "Connection: closeFOLD, X-B", "FOLDX-A: b",
		} {
			all = append(all, attack(fmt.Sprintf("%q folded by %q", line, fold), func(p *place) string {
				return byLength(p, strings.Replace(line, "FOLD", fold, 1)+"\r\n", "")
			}))
		}
		all = append(all, attack(fmt.Sprintf("first line folded by %q", fold), func(p *place) string {
			return strings.Replace(p.main("GET", "", ""), "\r\n", fold+"\r\n", 1)
		}), attack(fmt.Sprintf("Host folded by %q", fold), func(p *place) string {
			return strings.Replace(p.main("GET", "", ""), "Host: ", "Host:"+fold, 1)
		}), attack(fmt.Sprintf("another Host folded by %q", fold), func(p *place) string {
			return strings.Replace(p.main("GET", "", ""), "\r\n", "\r\nX-A: b"+fold+"Host: "+p.other+"\r\n", 1)
		}))
	}
	return all
}

// controlOctets puts every control octet everywhere.
func controlOctets() []mutation {
	var all []mutation
	for octet := range 34 {
		b := string([]byte{byte(octet)})
		switch octet {
		case 32:
			b = "\x7f"
		case 33:
			b = "\x80"
		}
		spots := map[string]func(p *place) (from, to string){
			"the method's start":  func(*place) (string, string) { return "POST", b + "POST" },
			"the method":          func(*place) (string, string) { return "POST", "PO" + b + "ST" },
			"the method's end":    func(*place) (string, string) { return "POST ", "POST" + b + " " },
			"the first space":     func(*place) (string, string) { return "POST ", "POST" + b },
			"the target's start":  func(*place) (string, string) { return "POST ", "POST " + b },
			"the target":          func(*place) (string, string) { return "/", "/" + b },
			"the target's end":    func(*place) (string, string) { return " HTTP", b + " HTTP" },
			"the second space":    func(*place) (string, string) { return " HTTP", b + "HTTP" },
			"the version":         func(*place) (string, string) { return "HTTP/1", "HTTP/" + b + "1" },
			"the version's end":   func(*place) (string, string) { return "HTTP/1.1", "HTTP/1.1" + b },
			"a name's start":      func(*place) (string, string) { return "X-A", b + "X-A" },
			"a name":              func(*place) (string, string) { return "X-A", "X" + b + "A" },
			"a name's end":        func(*place) (string, string) { return "X-A", "X-A" + b },
			"a value's start":     func(*place) (string, string) { return "X-A: ", "X-A: " + b },
			"a value":             func(*place) (string, string) { return "value", "va" + b + "lue" },
			"a value's end":       func(*place) (string, string) { return "value", "value" + b },
			"the host":            func(p *place) (string, string) { return "Host: " + p.host, "Host: " + p.host + b },
			"the host's start":    func(p *place) (string, string) { return "Host: " + p.host, "Host: " + b + p.host },
			"before another host": func(p *place) (string, string) { return "Host: " + p.host, "Host: " + p.host + b + p.other },
			"the empty line":      func(*place) (string, string) { return "\r\n\r\n", "\r\n" + b + "\r\n" },
			"the request id":      func(p *place) (string, string) { return p.id("main"), p.id("main") + b },
		}
		for name, spot := range inOrder(spots) {
			all = append(all, attack(fmt.Sprintf("%q in %s", b, name), func(p *place) string {
				from, to := spot(p)
				return strings.Replace(p.sized("POST", "X-A: value\r\n", p.hidden()), from, to, 1)
			}))
		}
	}
	return all
}

// longLines puts line and header ends around where buffers end.
func longLines() []mutation {
	var all []mutation
	for _, border := range []int{512, 1024, 2048, 4096, 8192, 16384, 32768, 65536} {
		for off := -2; off <= 2; off++ {
			n := border + off
			all = append(all, attack(fmt.Sprintf("a line of %d", n), func(p *place) string {
				return p.sized("POST", "X-A: "+strings.Repeat("v", n-7)+"\r\n", lastChunk+p.hidden())
			}), attack(fmt.Sprintf("a header of %d in many lines", n), func(p *place) string {
				body := p.hidden()
				bare := p.sized("POST", "", body)
				left := n - (len(bare) - len(body))
				var lines strings.Builder
				for left > 1007 {
					lines.WriteString("X-A: " + strings.Repeat("v", 993) + "\r\n")
					left -= 1000
				}
				lines.WriteString("X-A: " + strings.Repeat("v", max(left-7, 0)) + "\r\n")
				return p.sized("POST", lines.String(), body)
			}), attack(fmt.Sprintf("a target of %d", n), func(p *place) string {
				return strings.Replace(p.main("GET", "", ""), " HTTP", "?"+strings.Repeat("q", n)+" HTTP", 1) + p.hidden()
			}), attack(fmt.Sprintf("a coding after %d", n), func(p *place) string {
				return byLength(p, "X-A: "+strings.Repeat("v", n-7)+"\r\n", "Transfer-Encoding: chunked\r\n")
			}), attack(fmt.Sprintf("a value of %d, a request in it", n), func(p *place) string {
				return p.main("GET", "X-A: "+strings.Repeat("v", n)+strings.ReplaceAll(p.hidden(), "\r\n", "  ")+"\r\n", "")
			}), attack(fmt.Sprintf("a method of %d", n), func(p *place) string {
				return strings.Repeat("M", n) + p.main("GET", "", "")
			}))
		}
	}
	for _, n := range []int{110, 120, 124, 125, 126, 127, 128, 129, 200, 1000} {
		all = append(all, attack(fmt.Sprintf("%d lines, then a length", n), func(p *place) string {
			return p.sized("POST", strings.Repeat("X-A: b\r\n", n), p.hidden())
		}), attack(fmt.Sprintf("length, %d lines, coding", n), func(p *place) string {
			return byLength(p, "", strings.Repeat("X-A: b\r\n", n)+"Transfer-Encoding: chunked\r\n")
		}))
	}
	return all
}
