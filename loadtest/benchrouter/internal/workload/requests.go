package workload

import "encoding/hex"

// target of all requests.
const target = "/v1/projects?limit=20"

// Requests is what the generator sends and expects, request by request.
// Without tokens, every request carries an API key of its tenant, which the
// router compares with the tenant and leaves the rest to the cell.
type Requests struct {
	Tenants    int      // how many there are; all are asked in turn, shuffled
	Tokens     []string // if not empty, only the first len(Tokens) tenants are asked, each with its own token
	Identified bool     // the answer must show the tenant's id
}

// Tenant is the number of the tenant that the i-th request is for.
func (r *Requests) Tenant(i int) int {
	if len(r.Tokens) > 0 {
		return Shuffled(i, len(r.Tokens))
	}
	return Shuffled(i, r.Tenants)
}

// Append appends the text of the i-th request.
func (r *Requests) Append(b []byte, i int) []byte {
	n := r.Tenant(i)
	if len(r.Tokens) == 0 {
		return AppendRequest(b, n)
	}
	b = append(appendHead(b, target, n), r.Tokens[n]...)
	return append(b, "\r\n\r\n"...)
}

// AppendRequest appends a request with an API key of the n-th tenant.
func AppendRequest(b []byte, n int) []byte { return AppendRequestFor(b, target, n) }

// AppendRequestFor appends a request for another target than all the others.
func AppendRequestFor(b []byte, target string, n int) []byte {
	return append(appendKey(appendHead(b, target, n), n), "\r\n\r\n"...)
}

func appendHead(b []byte, target string, n int) []byte {
	b = append(b, "GET "+target+" HTTP/1.1\r\nHost: "...)
	b = AppendHost(b, n)
	return append(b, "\r\nUser-Agent: bench-router/1\r\nAccept: application/json\r\nAccept-Encoding: gzip\r\nAuthorization: Bearer "...)
}

// Key is an API key of the n-th tenant by its form. Only a cell knows whether
// it is a good one.
func Key(n int) string { return string(appendKey(nil, n)) }

func appendKey(b []byte, n int) []byte {
	id := ID(n)
	b = hex.AppendEncode(append(b, "cdt_"...), id[:])
	return append(b, "_abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQ"...)
}

// AppendWant appends how the body of the right answer to the i-th request begins.
func (r *Requests) AppendWant(b []byte, i int) []byte {
	return AppendWant(b, r.Tenant(i), r.Identified)
}
