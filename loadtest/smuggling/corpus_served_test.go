//go:build smuggling

package smuggling_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// Requests with nothing wrong. A router that refuses everything fails by them.

func servedMethods() []mutation {
	var all []mutation
	for _, method := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"} {
		all = append(all,
			served(method, func(p *place) string { return p.main(method, "", "") }),
			served(method+", empty body", func(p *place) string { return p.sized(method, "", "") }),
			served(method+", body", func(p *place) string { return p.sized(method, "", p.body(80)) }),
			served(method+", chunked body", func(p *place) string { return p.chunked(method, "", p.body(60), "  ", " ") }),
			served(method+", empty chunked body", func(p *place) string { return p.chunked(method, "") }),
			served(method+", closing", func(p *place) string { return p.main(method, "Connection: close\r\n", "") }),
			served(method+", then another", func(p *place) string { return p.sized(method, "", p.body(70)) + p.request("GET", "next", "", "") }),
		)
	}
	return all
}

func servedBodies() []mutation {
	var all []mutation
	for _, n := range []int{
		1, 2, 15, 16, 17, 100, 1000, 4095, 4096, 4097, 8191, 8192, 8193, 16383, 16384, 16385, 32767, 32768, 32769,
		65535, 65536, 65537, 100_000, 200_000,
	} {
		all = append(all,
			served(fmt.Sprintf("%d octets", n), func(p *place) string { return p.sized("POST", "", p.body(n)) }),
			served(fmt.Sprintf("%d octets in a chunk, then another", n), func(p *place) string {
				return p.chunked("POST", "", p.body(n)) + p.request("GET", "next", "", "")
			}),
			served(fmt.Sprintf("%d octets in chunks", n), func(p *place) string {
				return p.chunked("POST", "", pieces(p.body(n), uint64(n))...)
			}),
		)
	}
	for name, body := range inOrder(map[string]func(body string) string{
		"upper case":       func(b string) string { return fmt.Sprintf("%X\r\n%s\r\n", len(b), b) + lastChunk },
		"leading zeros":    func(b string) string { return fmt.Sprintf("000%x\r\n%s\r\n", len(b), b) + "0000\r\n\r\n" },
		"extension":        func(b string) string { return fmt.Sprintf("%x;a=b\r\n%s\r\n", len(b), b) + lastChunk },
		"quoted extension": func(b string) string { return fmt.Sprintf("%x;a=\"b;c\"\r\n%s\r\n", len(b), b) + lastChunk },
		"last extension":   func(b string) string { return chunk(b) + "0;a\r\n\r\n" },
		"trailer":          func(b string) string { return chunk(b) + "0\r\nX-Trailer: t\r\n\r\n" },
		"trailers":         func(b string) string { return chunk(b) + "0\r\nX-Trailer: t\r\nX-Other: u\r\n\r\n" },
	}) {
		all = append(all, served(name, func(p *place) string {
			return p.main("POST", "Transfer-Encoding: chunked\r\n", body(p.body(90))) + p.request("GET", "next", "", "")
		}))
	}
	return all
}

// pieces cuts s at random places; the same ones for the same seed.
func pieces(s string, seed uint64) []string {
	random := rand.New(rand.NewPCG(seed, 1))
	var all []string
	for len(s) > 0 {
		n := min(1+random.IntN(1+len(s)/2), len(s))
		all, s = append(all, s[:n]), s[n:]
	}
	return all
}

func servedHeaders() []mutation {
	var all []mutation
	add := func(name, lines string) {
		all = append(all, served(name, func(p *place) string {
			return p.sized("POST", lines, p.body(64)) + p.request("GET", "next", lines, "")
		}))
	}
	for name, line := range inOrder(map[string]string{
		"no space": "X-A:b", "tab": "X-A:\tb", "spaces around": "X-A:   b  ", "empty": "X-A:", "empty with space": "X-A: ", "obs-text": "X-A: \xe9\xff",
		"twice": "X-A: b\r\nX-A: c", "odd name": "!#$%&'*+-.^_`|~: b", "digits": "1: 2", "underscore": "X_A: b", "colon in value": "X-A: b:c", "quoted": `X-A: "b\"c"`,
		"comma": "X-A: ,b,", "cookie": "Cookie: a=b; c=d", "user agent": "User-Agent: curl/8.0 (x; y)", "accept": "Accept: */*;q=0.1",
		"TE": "TE: trailers", "keep-alive": "Connection: keep-alive", "keep-alive, others": "Connection: keep-alive, X-A\r\nX-A: b",
		"proxy connection": "Proxy-Connection: keep-alive", "trailer": "Trailer: X-T", "expect nothing": "X-Expect: 100-continue",
		"range": "Range: bytes=0-1", "override": "X-HTTP-Method-Override: DELETE", "original url": "X-Original-Url: /admin\r\nX-Rewrite-Url: /admin",
		"accept coding": "Accept-Encoding: gzip, chunked", "content coding": "Content-Encoding: chunked", "like a coding": "X-Transfer-Encoding: chunked",
		"like a length": "X-Content-Length: 1", "content": "Content-Language: en", "prefer": "Prefer: respond-async", "via": "Via: 1.0 x",
	}) {
		add(name, line+"\r\n")
	}
	for _, n := range []int{100, 1000, 4000, 8000, 15000} {
		add(fmt.Sprintf("value of %d octets", n), "X-A: "+strings.Repeat("v", n)+"\r\n")
		add(fmt.Sprintf("name of %d octets", n/10), strings.Repeat("n", n/10)+": v\r\n")
	}
	for _, n := range []int{10, 60, 100} {
		add(fmt.Sprintf("%d lines", n), strings.Repeat("X-A: b\r\n", n))
	}
	for _, name := range []string{"content-length", "CONTENT-LENGTH", "cONTENT-lENGTH"} {
		all = append(all, served(name, func(p *place) string {
			return p.main("POST", strings.Replace(length(p.body(64)), "Content-Length", name, 1), p.body(64))
		}))
	}
	for _, line := range []string{"transfer-encoding: chunked", "TRANSFER-ENCODING:CHUNKED", "Transfer-Encoding: \tChunked \t"} {
		all = append(all, served(line, func(p *place) string { return p.main("POST", line+"\r\n", chunkedBody(p.body(64))) }))
	}
	return all
}

func servedTargets() []mutation {
	var all []mutation
	for _, path := range []string{
		"?", "?a=b&c=d", "?q=%20x+y", "?http://x/", "/%41", "/a;b=c", "/a,b", "/a/", "/~x", "/a%2Fb", "/a.b-c_d", "/(x)", "/a@b:c", "/$&'*!=", "?" + strings.Repeat("q", 4000),
	} {
		all = append(all, served("target "+path[:min(len(path), 20)], func(p *place) string {
			return strings.Replace(p.main("GET", "", ""), "/main ", "/main"+path+" ", 1)
		}))
	}
	for _, scheme := range []string{"http://", "https://", "HTTP://", "hTTp://"} {
		all = append(all, served("absolute by "+scheme, func(p *place) string {
			return strings.Replace(p.main("GET", "", ""), "GET ", "GET "+scheme+p.host, 1)
		}), served("absolute by "+scheme+", upper case", func(p *place) string {
			return strings.Replace(p.main("GET", "", ""), "GET ", "GET "+scheme+strings.ToUpper(p.host), 1)
		}))
	}
	for name, spell := range inOrder(map[string]func(string) string{
		"upper case": strings.ToUpper, "dot": func(h string) string { return h + "." }, "port": func(h string) string { return h + ":80" },
		"other port": func(h string) string { return h + ":8080" }, "dot and port": func(h string) string { return h + ".:1" },
	}) {
		all = append(all, served("host: "+name, func(p *place) string {
			return strings.ReplaceAll(p.main("GET", "", "")+p.request("GET", "next", "", ""), "Host: "+p.host, "Host: "+spell(p.host))
		}))
	}
	for name, lines := range inOrder(map[string]string{"closing": "", "kept": "Connection: keep-alive\r\n"}) {
		all = append(all, served("HTTP/1.0, "+name, func(p *place) string {
			return strings.Replace(p.main("GET", lines, ""), "HTTP/1.1", "HTTP/1.0", 1)
		}), served("HTTP/1.0, body, "+name, func(p *place) string {
			return strings.Replace(p.sized("POST", lines, p.body(64)), "HTTP/1.1", "HTTP/1.0", 1)
		}))
	}
	return append(all, served("empty line before", func(p *place) string { return "\r\n" + p.main("GET", "", "") }))
}

func servedPipelines() []mutation {
	var all []mutation
	for n := 2; n <= 9; n++ {
		all = append(all, served(fmt.Sprintf("%d of each kind", n), func(p *place) string {
			var b strings.Builder
			for i := range n {
				kind := fmt.Sprintf("pipe%d", i)
				switch (i + n) % 4 {
				case 0:
					b.WriteString(p.request("GET", kind, "", ""))
				case 1:
					b.WriteString(p.request("POST", kind, length(p.body(70)), p.body(70)))
				case 2:
					b.WriteString(p.request("PUT", kind, "Transfer-Encoding: chunked\r\n", chunkedBody(p.body(70), "x")))
				default:
					b.WriteString(p.request("HEAD", kind, "", ""))
				}
			}
			return b.String()
		}))
	}
	return append(all,
		served("for another tenant", func(p *place) string { return p.sized("POST", "", p.body(64)) + p.hidden() }),
		served("to and fro", func(p *place) string {
			return p.main("GET", "", "") + p.hidden() + p.request("POST", "next", length("x"), "x") + p.hidden() + p.request("GET", "end", "", "")
		}),
	)
}

// servedCuts are good requests in two TCP segments, cut before every octet.
func servedCuts() []mutation {
	whole := []func(p *place) string{
		func(p *place) string { return p.sized("POST", "", "0123456789") + p.request("GET", "next", "", "") },
		func(p *place) string {
			return p.chunked("POST", "", "01234", "56789") + p.request("GET", "next", "", "")
		},
	}
	longest := 0
	for _, write := range whole {
		longest = max(longest, len(write(somewhere)))
	}
	var all []mutation
	for i, write := range whole {
		for at := 1; at < longest; at++ {
			all = append(all, mutation{name: fmt.Sprintf("request %d before octet %d", i, at), served: true, write: func(p *place) []string {
				text := write(p)
				cut := min(at, len(text)-1)
				return []string{text[:cut], text[cut:]}
			}})
		}
	}
	return all
}
