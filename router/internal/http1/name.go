package http1

// Name numbers the field names that a proxy acts on. All others are Other.
type Name uint8

// The names, in any case. One that is spelled with an underscore for a hyphen is
// Disguised: servers exist that fold both into one (CGI, WSGI), and a client's
// X_Tenant_ID must not reach one beside the router's X-Tenant-Id.
const (
	Other Name = iota
	Host
	ContentLength
	TransferEncoding
	Connection
	KeepAlive
	ProxyConnection
	ProxyAuthenticate
	ProxyAuthorization
	TE
	Trailer
	Upgrade
	Close // no field, but a connection option
	Expect
	Authorization
	Origin
	RequestMethod  // Access-Control-Request-Method
	RequestHeaders // Access-Control-Request-Headers
	ContentType
	Cookie
	Traceparent
	Tracestate
	Baggage
	TenantID
	TenantEpoch
	TenantPrincipal
	TenantCell
	TenantState
	EdgeTimestamp
	EdgeSignature
	EdgeDeadline
	RequestID
	ForwardedFor
	ForwardedProto
	ForwardedHost
	Forwarded
	RealIP
	WebSocketKey
	Server
	Date
	Disguised
	names // their number
)

var spelled = [names]string{
	Host: "host", ContentLength: "content-length", TransferEncoding: "transfer-encoding", Connection: "connection",
	KeepAlive: "keep-alive", ProxyConnection: "proxy-connection", ProxyAuthenticate: "proxy-authenticate",
	ProxyAuthorization: "proxy-authorization", TE: "te", Trailer: "trailer", Upgrade: "upgrade", Close: "close", Expect: "expect",
	Authorization: "authorization", Origin: "origin", RequestMethod: "access-control-request-method",
	RequestHeaders: "access-control-request-headers", ContentType: "content-type", Cookie: "cookie",
	Traceparent: "traceparent", Tracestate: "tracestate", Baggage: "baggage", TenantID: "x-tenant-id", TenantEpoch: "x-tenant-epoch",
	TenantPrincipal: "x-tenant-principal", TenantCell: "x-tenant-cell", TenantState: "tenant-state",
	EdgeTimestamp: "x-edge-timestamp", EdgeSignature: "x-edge-signature", EdgeDeadline: "x-edge-deadline", RequestID: "x-request-id",
	ForwardedFor: "x-forwarded-for", ForwardedProto: "x-forwarded-proto", ForwardedHost: "x-forwarded-host", Forwarded: "forwarded",
	RealIP: "x-real-ip", WebSocketKey: "sec-websocket-key", Server: "server", Date: "date",
}

// byLength lists the names of each length, so that a look-up compares few.
var byLength = func() (t [32][]Name) {
	for n := Host; n < Disguised; n++ {
		t[len(spelled[n])] = append(t[len(spelled[n])], n)
	}
	return t
}()

// NameOf returns the number of a field name.
func NameOf(b []byte) Name {
	if len(b) >= len(byLength) {
		return Other
	}
	for _, n := range byLength[len(b)] {
		if same, disguised := spelledLike(spelled[n], b); same {
			if disguised {
				return Disguised
			}
			return n
		}
	}
	return Other
}

func spelledLike(want string, b []byte) (same, disguised bool) {
	if b[0]|0x20 != want[0] {
		return false, false
	}
	for i, c := range b {
		switch {
		case c == '_' && want[i] == '-':
			c, disguised = '-', true
		case 'A' <= c && c <= 'Z':
			c |= 0x20
		}
		if want[i] != c {
			return false, false
		}
	}
	return true, disguised
}

// HopByHop reports whether a field belongs to one connection (RFC 9110 §7.6.1)
// or to the framing, which a proxy does anew.
func (n Name) HopByHop() bool { return n >= ContentLength && n <= Expect }

// Trusted reports whether a cell believes the field, so that a client's must
// never get there.
func (n Name) Trusted() bool { return n >= TenantID && n <= RealIP || n == Disguised }

// looksLikeFraming finds names that some server might take for
// Transfer-Encoding or Content-Length: the same letters with anything else
// among them, such as "Transfer_Encoding" or "Content.Length".
func looksLikeFraming(name []byte) bool {
	if len(name) < len("contentlength") || len(name) > 2*len("transfer-encoding") {
		return false
	}
	return sameLetters(name, "transferencoding") || sameLetters(name, "contentlength")
}

func sameLetters(name []byte, want string) bool {
	at := 0
	for _, c := range name {
		c |= 0x20
		if c < 'a' || c > 'z' {
			continue
		}
		if at == len(want) || c != want[at] {
			return false
		}
		at++
	}
	return at == len(want)
}
