//go:build smuggling

package smuggling_test

import (
	"fmt"
	"strings"
)

// versions of the protocol that are none, or that have no framing of that kind.
func versions() []mutation {
	var all []mutation
	for _, version := range []string{
		" HTTP/1.0", " HTTP/1.2", " HTTP/1.9", " HTTP/1.10", " HTTP/1.01", " HTTP/01.1", " HTTP/2", " HTTP/2.0", " HTTP/3.0", " HTTP/0.9", " HTTP/9.9", " HTTP/1", " HTTP/1.", " HTTP/.1", " HTTP/11",
		" HTTP/1,1", " HTTP/1.1 ", "  HTTP/1.1", " HTTP/1.1\t", "\tHTTP/1.1", " http/1.1", " Http/1.1", " HTTP 1.1", " HTTP/ 1.1", " HTTPS/1.1", " ICAP/1.0", " RTSP/1.0", " HTTP/1.1 HTTP/1.1",
		" HTTP/1.1 x", " x HTTP/1.1", " HTTP/1.1\x00", " HTTP/1.-1", " HTTP/1.1x", " HTTP\\1.1", " HTTP/٠.١", "", " ", "?HTTP/1.1", "%20HTTP/1.1", "+HTTP/1.1",
	} {
		for name, write := range inOrder(map[string]func(p *place) string{
			"plain":   func(p *place) string { return p.main("GET", "Connection: keep-alive\r\n", "") + p.hidden() },
			"length":  func(p *place) string { return p.sized("POST", "Connection: keep-alive\r\n", p.hidden()) },
			"chunked": func(p *place) string { return p.chunked("POST", "Connection: keep-alive\r\n", p.hidden()) },
			"both": func(p *place) string {
				return byLength(p, "Connection: keep-alive\r\n", "Transfer-Encoding: chunked\r\n")
			},
			"no lines": func(p *place) string { return "GET " + p.target("GET", "main") + " HTTP/1.1\r\n\r\n" + p.hidden() },
		}) {
			all = append(all, attack(fmt.Sprintf("%q, %s", version, name), func(p *place) string {
				return strings.Replace(write(p), " HTTP/1.1", version, 1)
			}))
		}
	}
	return all
}

// hosts that are several, none, or not the tenant's.
func hosts() []mutation {
	var all []mutation
	for _, lines := range []string{
		"", "Host: A\r\nHost: A", "Host: A\r\nHost: B", "Host: B\r\nHost: A", "Host: A\r\nhost: B", "Host: A, B", "Host: A B", "Host: A\tB", "Host: A,B", "Host: A;B", "Host: A#B", "Host: A/B", "Host: A?B", "Host: A\\B",
		"Host: B@A", "Host: A@B", "Host: u:p@A", "Host: http://A", "Host: http://A/", "Host: //A", "Host: A/", "Host: A:", "Host: A:0", "Host: A:x", "Host: A:80:80", "Host: A:99999", "Host: A:+80", "Host: A: 80",
		"Host: A:80@B", "Host: A..", "Host: .A", "Host: A.B", "Host: B.A", "Host: xA", "Host: Ax", "Host: -A", "Host: _A", "Host: %41", "Host: A%00B", "Host: A%2eB", "Host: A\x00B", "Host: A\x00", "Host: \"A\"",
		"Host: [::1]", "Host: [A]", "Host: [::ffff:127.0.0.1]", "Host: 127.0.0.1", "Host: localhost", "Host:", "Host: ", "Host : A", "Host\t: A", " Host: A", "Host:\tA", "Host:A", "Host: \xa0A", "Host: A\xa0", "Host: \xe2\x80\x8bA",
		"Host:\r\n A", "X: y\r\n Host: A", "X: y\nHost: A", "X: y\rHost: A", "Host: A\nHost: B", "Host: A\rHost: B", "Host: A\r\n B", "Host: A\r\n Host: B", "H\x00st: A", "Ho\u017ft: A", "Host;: A", "Host= A", ":authority: A",
		":authority: B\r\nHost: A", "Host: A\r\n:host: B", "Host: A\r\nX-Forwarded-Host: B", "Host: A\r\nX-Host: B", "Host: A\r\nForwarded: host=B", "Host: A\r\nX-Original-Host: B", "Host: A\r\nHost_: B", "Host: A\r\nHTTP_HOST: B",
		"Host: A\r\nConnection: Host", "Connection: close, Host\r\nHost: A", "Host: A\r\nX-Forwarded-Server: B", "hOST: A", "HOST: A",
	} {
		for name, write := range inOrder(map[string]func(p *place) string{
			"plain": func(p *place) string { return p.main("GET", "", "") + p.request("GET", "next", "", "") },
			"body":  func(p *place) string { return p.sized("POST", "", p.hidden()) },
		}) {
			all = append(all, attack(fmt.Sprintf("%q, %s", lines, name), func(p *place) string {
				own := strings.NewReplacer("A", p.host, "B", p.other).Replace(lines)
				if own != "" {
					own += "\r\n"
				}
				return strings.Replace(write(p), "Host: "+p.host+"\r\n", own, 1)
			}))
		}
	}
	return all
}

// targets that are no path, or that name another host than Host does.
func targets() []mutation {
	var all []mutation
	for _, target := range []string{
		"*", "B", "B:80", "A:80", "http://B/M", "https://B/M", "http://A:80/M", "http://A:81/M", "http://a@A/M", "http://B@A/M", "http://A@B/M", "http://A#@B/M", "http://A?@B/M", "http://A\\@B/M", "http:/M", "http:M", "http:///M",
		"http://", "http://A", "http://A?x=/M", "http://B?x=/M", "http://A/M#f", "HTTP://B/M", "ftp://A/M", "ws://A/M", "file:///M", "javascript:x", "//B/M", "//A/M", "///M", "/\\B/M", "\\M", "M/", "?M", "#M", "/M#x", "/./M", "/../M",
		"/x/../M", "/%2e%2e/M", "/M%00", "/M%0d%0a", "/M%0d%0aX-Tenant-Id:%200", "/M%20HTTP/1.1%0d%0aHost:%20B", "/M%", "/M%zz", "/M%u0041", "/M;x", "/M\"", "/M<x>", "/M{x}", "/M|x", "/M^", "/M`", "/M\\x", "/M\xff", "/M\xc3\xa9", "/M HTTP/1.1 x",
		"/M x", "/M\tx", "/M\vx", "/M\x00", "/M\rX: y", "/M\nX: y", "/M HTTP/1.1\nX: y", "/M HTTP/1.1\rX: y", "", " /M", "/M ", "  /M", "http://A:80@B/M", "http://[::1]/M", "http://A./M", "http://A:/M", "http://A:0080/M", "http://%41/M", "http://A%00/M",
	} {
		for _, method := range []string{"GET", "POST", "CONNECT", "OPTIONS"} {
			all = append(all, attack(fmt.Sprintf("%s %q", method, target), func(p *place) string {
				path := strings.TrimPrefix(p.target("GET", "main"), "/")
				own := strings.NewReplacer("A", p.host, "B", p.other, "M", path).Replace(target)
				text := p.sized(method, "", "x") + p.hidden()
				return strings.Replace(text, p.target(method, "main"), own, 1)
			}))
		}
	}
	return all
}

// methods with bodies, without, and such as are none.
func methods() []mutation {
	var all []mutation
	for _, method := range []string{
		"GET", "HEAD", "TRACE", "CONNECT", "OPTIONS", "DELETE", "PRI", "FOO", "get", "Post", "M-SEARCH", "PURGE", "PROPFIND", "SOURCE", "GET/", "G@T", "GET,POST", "(GET)", "\"GET\"", "GET\x00", "", " ", "GETGETGETGETGETGETGETGETGETGETGETGET",
		"\u0120ET", "QUERY", "LOCK", "DEBUG", "TRACK", "SSTP_DUPLEX_POST", "RPC_IN_DATA", "!", "1", "PUT\tX",
	} {
		for name, write := range inOrder(map[string]func(p *place) string{
			"no body":      func(p *place) string { return p.main(method, "", "") + p.hidden() },
			"body":         func(p *place) string { return p.sized(method, "", p.hidden()) },
			"chunked":      func(p *place) string { return p.chunked(method, "", p.hidden()) + p.request("GET", "next", "", "") },
			"body unsaid":  func(p *place) string { return p.main(method, "Connection: keep-alive\r\n", "x=y&"+p.hidden()) },
			"one hop left": func(p *place) string { return p.sized(method, "Max-Forwards: 1\r\n", p.hidden()) },
			"overridden": func(p *place) string {
				return p.sized(method, "X-HTTP-Method-Override: HEAD\r\nX-Method-Override: HEAD\r\n", p.hidden())
			},
			"two, pipelined": func(p *place) string {
				return p.sized(method, "", "ab") + p.request(method, "next", length("cd"), "cd") + p.hidden()
			},
		}) {
			all = append(all, attack(fmt.Sprintf("%q, %s", method, name), write))
		}
	}
	return all
}
