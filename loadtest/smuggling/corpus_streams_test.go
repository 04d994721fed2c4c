//go:build smuggling

package smuggling_test

import (
	"fmt"
	"strings"
)

// pipelines are several requests in one stream, of which one is bad, short or
// the last.
func pipelines() []mutation {
	good := map[string]func(p *place, kind string) string{
		"GET":    func(p *place, kind string) string { return p.request("GET", kind, "", "") },
		"HEAD":   func(p *place, kind string) string { return p.request("HEAD", kind, "", "") },
		"length": func(p *place, kind string) string { return p.request("POST", kind, length("abc"), "abc") },
		"chunked": func(p *place, kind string) string {
			return p.request("PUT", kind, "Transfer-Encoding: chunked\r\n", chunkedBody("abc"))
		},
		"long": func(p *place, kind string) string {
			return p.request("POST", kind, length(p.body(70_000)), p.body(70_000))
		},
	}
	bad := map[string]func(p *place) string{
		"both framings": func(p *place) string { return byLength(p, "", "Transfer-Encoding: chunked\r\n") },
		"no host":       func(p *place) string { return "GET / HTTP/1.1\r\n\r\n" + p.hidden() },
		"nobody's host": func(p *place) string {
			return strings.Replace(p.sized("POST", "", p.hidden()), p.host, "nobody.localhost", 1)
		},
		"nobody's, late": func(p *place) string {
			return strings.Replace(p.sized("POST", "", strings.Repeat(p.hidden(), 900)), p.host, "nobody.localhost", 1)
		},
		"nobody's, chunks": func(p *place) string {
			return strings.Replace(p.chunked("POST", "", p.hidden()), p.host, "nobody.localhost", 1)
		},
		"nobody's HEAD": func(p *place) string {
			return strings.Replace(p.sized("HEAD", "", p.hidden()), p.host, "nobody.localhost", 1)
		},
		"short body":   func(p *place) string { return p.main("POST", "Content-Length: 500\r\n", p.hidden()) },
		"short chunks": func(p *place) string { return p.main("POST", "Transfer-Encoding: chunked\r\n", "fff\r\n"+p.hidden()) },
		"closing":      func(p *place) string { return p.sized("POST", "Connection: close\r\n", "x") + p.hidden() },
		"HTTP/1.0": func(p *place) string {
			return strings.Replace(p.main("GET", "", ""), "HTTP/1.1", "HTTP/1.0", 1) + p.hidden()
		},
		"noise":           func(p *place) string { return "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + p.hidden() },
		"body unsaid":     func(p *place) string { return p.main("POST", "", "a=b") + p.hidden() },
		"body too long":   func(p *place) string { return p.main("POST", length("ab"), "abc") + p.hidden() },
		"two empty lines": func(p *place) string { return "\r\n\r\n" + p.main("GET", "", "") },
		"preflight": func(p *place) string {
			return p.sized("OPTIONS", "Origin: http://x.example\r\nAccess-Control-Request-Method: POST\r\n", p.hidden())
		},
		"bad API version": func(p *place) string {
			return strings.Replace(p.sized("POST", "", p.hidden()), p.target("POST", "main"), "/v0/"+p.id("main"), 1)
		},
		"expectation": func(p *place) string { return p.sized("POST", "Expect: x\r\n", p.hidden()) },
		"named hop":   func(p *place) string { return p.sized("POST", "Connection: Host\r\n", p.hidden()) },
		"bad chunk, late": func(p *place) string {
			return p.main("POST", "Transfer-Encoding: chunked\r\n", chunk(strings.Repeat("a", 70_000))+"x\r\n"+p.hidden())
		},
		"many requests": func(p *place) string { return strings.Repeat(p.hidden(), 60) },
	}
	var all []mutation
	for goodName, before := range inOrder(good) {
		for badName, attempt := range inOrder(bad) {
			all = append(all, attack(badName+" after "+goodName, func(p *place) string {
				return before(p, "first") + attempt(p) + p.request("GET", "next", "", "")
			}))
		}
	}
	return all
}

// cutOff are streams that end before every octet, the client's half closed.
func cutOff() []mutation {
	whole := map[string]func(p *place) string{
		"length": func(p *place) string { return p.sized("POST", "", "0123456789") },
		"chunked": func(p *place) string {
			return p.main("POST", "Transfer-Encoding: chunked\r\n", chunk("01234")+"0\r\nX-T: u\r\n\r\n")
		},
	}
	var all []mutation
	for name, write := range inOrder(whole) {
		longest := len(write(somewhere))
		for at := 1; at < longest; at++ {
			all = append(all, attack(fmt.Sprintf("%s before octet %d", name, at), func(p *place) string { return write(p)[:min(at, len(write(p))-1)] }))
		}
	}
	for _, n := range []int{1, 1000, 65_536, 65_537, 100_000, 199_999} {
		all = append(all, attack(fmt.Sprintf("a late body after %d", n), func(p *place) string {
			return p.main("POST", "Content-Length: 200000\r\n", p.body(n))
		}), attack(fmt.Sprintf("a late chunk after %d", n), func(p *place) string {
			return p.main("POST", "Transfer-Encoding: chunked\r\n", "30d40\r\n"+p.body(n))
		}), attack(fmt.Sprintf("a late last chunk after %d", n), func(p *place) string {
			return p.main("POST", "Transfer-Encoding: chunked\r\n", chunk(p.body(n)))
		}))
	}
	return all
}

// resets are clients that are gone before they could have read an answer.
func resets() []mutation {
	var all []mutation
	for name, write := range inOrder(map[string]func(p *place) string{
		"a request":   func(p *place) string { return p.main("GET", "", "") },
		"a body":      func(p *place) string { return p.sized("POST", "", p.hidden()) },
		"a late body": func(p *place) string { return p.sized("POST", "", strings.Repeat(p.hidden(), 900)) },
		"half a body": func(p *place) string { return p.main("POST", "Content-Length: 1000\r\n", p.hidden()) },
		"half a late body": func(p *place) string {
			return p.main("POST", "Content-Length: 200000\r\n", strings.Repeat(p.hidden(), 900))
		},
		"half the chunks": func(p *place) string { return p.main("POST", "Transfer-Encoding: chunked\r\n", chunk(p.hidden())) },
		"a chunk":         func(p *place) string { return p.main("POST", "Transfer-Encoding: chunked\r\n", "fff\r\n"+p.hidden()) },
		"pipelined":       func(p *place) string { return p.main("GET", "", "") + p.sized("POST", "", "x") + p.hidden() },
	}) {
		for i := range 3 {
			all = append(all, mutation{name: fmt.Sprintf("%s, %d", name, i), write: whole(write), abrupt: true})
		}
	}
	return all
}
