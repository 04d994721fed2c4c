// Package listen is the tenants' listener: sockets that several processes may
// share, TLS 1.3 with certificates that follow their files, the PROXY protocol,
// and bounds on how many connections there are and how slowly they begin.
//
// # From a socket to a connection
//
//	accepted ──▶ over MaxConns, or the client's own bound: closed
//	   │ PROXY header (only, and always, from trusted networks, if it is on)
//	   │ TLS handshake
//	   ▼
//	Accept returns a [Peer], which knows the client's address
//
// Header and handshake have their own deadlines and run beside the accepting
// goroutine, at most maxPreparing of them: a client that stalls keeps nobody else
// waiting. After that a connection is the socket, and nothing is in between.
//
// # Authority
//
// Who the client is, is said by the kernel, or by a trusted proxy's PROXY header;
// [ClientIP] reads X-Forwarded-For as far as trusted proxies wrote it. What
// anybody else says is hearsay.
package listen
