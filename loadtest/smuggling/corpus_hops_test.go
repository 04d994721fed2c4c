//go:build smuggling

package smuggling_test

import (
	"fmt"
	"strings"
)

// expectations play with who waits for whom.
func expectations() []mutation {
	var all []mutation
	for _, line := range []string{
		"Expect: 100-continue", "Expect: 100-Continue", "expect:100-continue", "Expect: 100-continue ", "Expect: 100-continue, x", "Expect: x", "Expect:", "Expect: 200-ok", "Expect: 100-continue\r\nExpect: 100-continue",
		"Expect: 100-continue\r\nExpect: x", "Expect:\r\n 100-continue", "Expect : 100-continue", "Expect: 100 continue", "Expect: y 100-continue", "Expect: 100-continue\x00", "Connection: Expect\r\nExpect: 100-continue",
	} {
		for name, segments := range inOrder(map[string]func(p *place) []string{
			"body at once":  func(p *place) []string { return []string{p.sized("POST", line+"\r\n", p.hidden())} },
			"body later":    func(p *place) []string { return atHeader(p.sized("POST", line+"\r\n", p.hidden())) },
			"chunked later": func(p *place) []string { return atHeader(p.chunked("POST", line+"\r\n", p.hidden())) },
			"no body":       func(p *place) []string { return []string{p.main("GET", line+"\r\n", "") + p.hidden()} },
			"empty body":    func(p *place) []string { return []string{p.sized("POST", line+"\r\n", "") + p.hidden()} },
			"body never":    func(p *place) []string { return atHeader(p.main("POST", line+"\r\nContent-Length: 10\r\n", "")) },
			"a request there": func(p *place) []string {
				return atHeader(p.main("POST", line+"\r\nContent-Length: 900\r\n", "") + p.hidden())
			},
			"HEAD": func(p *place) []string { return atHeader(p.sized("HEAD", line+"\r\n", p.hidden())) },
			"HTTP/1.0": func(p *place) []string {
				return atHeader(strings.Replace(p.sized("POST", line+"\r\nConnection: keep-alive\r\n", p.hidden()), "HTTP/1.1", "HTTP/1.0", 1))
			},
			"large body": func(p *place) []string {
				return atHeader(p.sized("POST", line+"\r\n", strings.Repeat(p.hidden(), 800)) + p.request("GET", "next", "", ""))
			},
		}) {
			all = append(all, mutation{name: fmt.Sprintf("%q, %s", line, name), write: segments})
		}
	}
	return all
}

// atHeader writes what follows a header in a segment of its own.
func atHeader(text string) []string {
	head, rest, _ := strings.Cut(text, "\r\n\r\n")
	if rest == "" {
		return []string{text}
	}
	return []string{head + "\r\n\r\n", rest}
}

// upgrades ask to leave HTTP, so that a router that believes it went stops
// looking. No server behind agrees to.
func upgrades() []mutation {
	const key = "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
	var all []mutation
	for _, lines := range []string{
		"Connection: Upgrade\r\nUpgrade: websocket\r\n" + key, "Connection: Upgrade\r\nUpgrade: websocket\r\n", "Connection: upgrade, keep-alive\r\nUpgrade: WebSocket\r\n" + key, "Upgrade: websocket\r\n" + key,
		"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 777\r\nSec-WebSocket-Key: x\r\n", "Connection: Upgrade\r\nUpgrade: h2c\r\n", "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n",
		"Connection: Upgrade\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n", "Connection: HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n", "Connection: Upgrade\r\nUpgrade: TLS/1.2\r\n",
		"Connection: Upgrade\r\nUpgrade: websocket, h2c\r\n" + key, "Connection: Upgrade\r\nUpgrade: websocket\r\nUpgrade: h2c\r\n" + key, "Connection: Upgrade\r\nConnection: close\r\nUpgrade: websocket\r\n" + key,
		"Connection: Upgrade, Transfer-Encoding\r\nUpgrade: websocket\r\n" + key, "Connection : Upgrade\r\nUpgrade: websocket\r\n" + key, "Connection: Upgrade\r\nUpgrade: websocket\x00\r\n" + key, "Connection: Upgrade\r\nUpgrade:\r\n websocket\r\n" + key,
	} {
		for name, write := range inOrder(map[string]func(p *place) string{
			"then another": func(p *place) string { return p.main("GET", lines, "") + p.hidden() },
			"POST":         func(p *place) string { return p.main("POST", lines, "") + p.hidden() },
			"body":         func(p *place) string { return p.sized("GET", lines, p.hidden()) },
			"empty body":   func(p *place) string { return p.sized("GET", lines, "") + p.hidden() },
			"chunked":      func(p *place) string { return p.chunked("GET", lines, p.hidden()) },
			"both":         func(p *place) string { return byLength(p, lines, "Transfer-Encoding: chunked\r\n") },
			"HTTP/1.0": func(p *place) string {
				return strings.Replace(p.main("GET", lines, ""), "HTTP/1.1", "HTTP/1.0", 1) + p.hidden()
			},
			"frames": func(p *place) string { return p.main("GET", lines, "") + "\x81\x85\x00\x00\x00\x00hello" + p.hidden() },
			"preface": func(p *place) string {
				return p.main("GET", lines, "") + "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + p.hidden()
			},
		}) {
			all = append(all, attack(fmt.Sprintf("%.60q, %s", lines, name), write))
		}
	}
	return all
}

// connectionOptions list headers that the next hop then would not see.
func connectionOptions() []mutation {
	var all []mutation
	for _, option := range []string{
		"Content-Length", "content-length", "Transfer-Encoding", "Host", "X-Tenant-Id", "X_Tenant_Id", "x-tenant-epoch", "X-Edge-Signature", "X-Edge-Timestamp", "X-Request-Id", "Authorization", "Cookie", "Content-Type", "Traceparent",
		"Connection", "close", "Close", "keep-alive", "close, keep-alive", "keep-alive, close", "X-A", "x-a, X-A", ", X-A", "X-A,", "X-A;q=1", "\"X-A\"", "X-A X-B", "X-A\x00", "Expect", "Upgrade", "TE", "Trailer", "Keep-Alive", "Proxy-Connection",
		"X-Forwarded-For", "Forwarded", "Via", "Origin", "*", "", "cl\u00f6se", "close\r\nConnection: keep-alive", "keep-alive\r\nConnection: close", "X-A\r\nConnection: Content-Length", "Content-Length, close", "\tclose", "close\t", "c lose", "close;x",
	} {
		for name, write := range inOrder(map[string]func(p *place, line string) string{
			"body": func(p *place, line string) string {
				return p.sized("POST", "X-A: b\r\n"+line, p.hidden()) + p.request("GET", "next", "", "")
			},
			"chunked": func(p *place, line string) string {
				return p.chunked("POST", line+"X-A: b\r\n", p.hidden()) + p.request("GET", "next", "", "")
			},
			"none": func(p *place, line string) string { return p.main("GET", line+"X-A: b\r\n", "") + p.hidden() },
		}) {
			all = append(all, attack(fmt.Sprintf("%q, %s", option, name), func(p *place) string { return write(p, "Connection: "+option+"\r\n") }))
		}
	}
	return all
}

// trustedHeaders come from a client in every spelling.
func trustedHeaders() []mutation {
	var all []mutation
	for _, name := range []string{"X-Tenant-Id", "X-Tenant-Epoch", "X-Tenant-Principal", "X-Edge-Timestamp", "X-Edge-Signature", "X-Forwarded-For", "X-Edge-Deadline", "Tenant-State"} {
		for _, line := range []string{
			"NAME: VALUE", "name: VALUE", "NAME:VALUE", "UNDER: VALUE", "NAME : VALUE", " NAME: VALUE", "NAME: VALUE\r\nNAME: VALUE", "NAME: VALUE\r\nUNDER: VALUE", "X: y\r\n NAME: VALUE", "X: y\nNAME: VALUE", "X: y\rNAME: VALUE",
			"Connection: NAME\r\nNAME: VALUE", "NAME: VALUE\r\nConnection: close, name", "Connection: UNDER\r\nUNDER: VALUE", "NAME\x00: VALUE", "DOTS: VALUE", "NAME:\r\n VALUE", "Trailer: NAME", "HTTP_UNDER: VALUE", "NAME-: VALUE", "-NAME: VALUE",
			"MIXED: VALUE", "Connection: NAME",
		} {
			text := strings.NewReplacer(
				"UNDER", strings.ReplaceAll(name, "-", "_"), "DOTS", strings.ReplaceAll(name, "-", "."), "MIXED", strings.Replace(name, "-", "_", 1),
				"NAME", name, "name", strings.ToLower(name), "VALUE", "00000000-0000-7000-8000-000000000000",
			).Replace(line)
			all = append(all, attack(fmt.Sprintf("%q", text), func(p *place) string {
				return p.sized("POST", text+"\r\n", p.body(64)) + p.request("GET", "next", text+"\r\n", "")
			}))
		}
	}
	return all
}
