//go:build smuggling

package smuggling_test

import (
	"fmt"
	"strings"
)

// place is where one mutation goes: a tenant, whose cell is one of the servers,
// and a number that all ids and targets of the mutation carry.
type place struct {
	tenant
	other string // host of a tenant that another server serves: what is hidden asks for it
	n     int
}

// tenant is what a client must know of the tenant of one server.
type tenant struct {
	name string // of the server, and the tenant's slug
	host string
	api  bool   // the server is the cell itself, which only takes what its API has
	key  string // an API key of the tenant: without one, paths that are spelled in an odd way are refused
}

// id is the request id of one of the mutation's requests. Ids have one width, so
// that an id which was cut or grew is nobody's.
func (p *place) id(kind string) string { return fmt.Sprintf("%s.%05d.%s", p.name, p.n, kind) }

func (p *place) target(method, kind string) string {
	if p.api && method == "POST" {
		return "/v1/workspaces?of=" + p.id(kind)
	}
	return fmt.Sprintf("/m/%05d/%s", p.n, kind)
}

// lines are the header lines that every request has.
func (p *place) lines(kind string) string {
	lines := "Host: " + p.host + "\r\nX-Request-Id: " + p.id(kind) + "\r\nAuthorization: Bearer " + p.key + "\r\n"
	if p.api {
		lines += "Content-Type: application/json\r\n"
	}
	return lines
}

// request is a request in one piece; more are complete header lines.
func (p *place) request(method, kind, more, body string) string {
	return method + " " + p.target(method, kind) + " HTTP/1.1\r\n" + p.lines(kind) + more + "\r\n" + body
}

// main is the mutation's first request.
func (p *place) main(method, more, body string) string { return p.request(method, "main", more, body) }

// sized is a first request with a body of known length.
func (p *place) sized(method, more, body string) string {
	return p.main(method, more+length(body), body)
}

// chunked is a first request with a chunked body.
func (p *place) chunked(method, more string, chunks ...string) string {
	return p.main(method, more+"Transfer-Encoding: chunked\r\n", chunkedBody(chunks...))
}

// hidden is the request that must not come out: it asks for another tenant.
func (p *place) hidden() string {
	return "GET " + p.target("GET", "hidden") + " HTTP/1.1\r\nHost: " + p.other + "\r\nX-Request-Id: " + p.id("hidden") + "\r\n\r\n"
}

// body is a body of n octets. The cell stores it, if there is room for a name.
func (p *place) body(n int) string {
	text := "body of " + p.id("body")
	if p.api {
		text = `{"name":"` + p.id("body") + `"}`
	}
	if n < len(text) {
		return strings.Repeat("b", n)
	}
	return text + strings.Repeat(" ", n-len(text))
}

func length(body string) string { return fmt.Sprintf("Content-Length: %d\r\n", len(body)) }

func chunk(data string) string { return fmt.Sprintf("%x\r\n%s\r\n", len(data), data) }

func chunkedBody(chunks ...string) string {
	var b strings.Builder
	for _, c := range chunks {
		b.WriteString(chunk(c))
	}
	return b.String() + lastChunk
}

const lastChunk = "0\r\n\r\n"

// somewhere is a place for measuring: ids and keys have one width, and names
// nearly so.
var somewhere = &place{tenant: tenant{name: "stdlib", host: "stdlib.localhost", key: strings.Repeat("k", 80)}}
