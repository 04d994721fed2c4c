package proxy

import (
	"net/netip"
	"sync"
	"time"

	"github.com/coditect/platform/router/internal/hold"
	"github.com/coditect/platform/router/internal/http1"
	"github.com/coditect/platform/router/internal/policy"
	"github.com/coditect/platform/router/internal/resolve"
	"github.com/coditect/platform/router/internal/tenantcache"
	"github.com/coditect/platform/shared/authn"
	"github.com/coditect/platform/shared/directory"
)

// exchange is one request and what becomes known of it. It is pooled; its
// strings and slices are views of buffers that live as long as it does.
type exchange struct {
	s        *session
	start    time.Time
	answered time.Time // when the cell's answer began; zero: none did
	deadline time.Time // for the answer's header
	req      http1.Request

	clientIP  netip.Addr
	secure    bool // the client speaks TLS with us, or with a proxy that we trust
	requestID []byte
	trace     traced
	key       directory.Key // by which the entry was found
	entry     tenantcache.Entry
	tenant    []byte // the tenant's id as text
	cell      string // that answered, or was asked last
	hops      int
	asked     bool            // the directory, and waited for its answer
	identity  *authn.Identity // of a verified access token
	principal string          // header value; empty: the cell checks the credential

	rules          *policy.Rules
	match          policy.Match
	versionLines   []byte
	tenantRequest  policy.Headers
	tenantResponse policy.Headers
	limits         limited
	maxBody        int64         // 0: unbounded
	retryAfter     time.Duration // with 429

	out    []byte // the request for the cell: header, then body
	common int    // length of the part of out that does not depend on the cell
	mark   int    // length of out up to the end of its header
	body   []byte // of known length, read; nil while it streams
	upload *upload
	waiter *hold.Waiter // nil: it never had to wait

	resp   http1.Response
	answer []byte // what is to be sent to the client
	status int

	close    bool // the client's connection ends with this answer
	sent     bool // the answer was sent, or cannot be any more
	bodyRead bool // nothing of the request is left on the connection

	host       [resolve.MaxHost]byte
	idText     [36]byte
	ids        [36]byte
	bodyBuffer []byte
}

// now is the time, for free if nothing can have taken long since the start.
func (x *exchange) now() time.Time {
	if x.hops == 0 && x.waiter == nil && x.body == nil && !x.asked {
		return x.start
	}
	return x.s.p.opts.Now()
}

// keepBuffer is the most that a pooled exchange keeps of a buffer.
const keepBuffer = 16 << 10

var exchanges = sync.Pool{New: func() any { return new(exchange) }}

func acquire(s *session) *exchange {
	x := exchanges.Get().(*exchange)
	x.s, x.start = s, s.p.opts.Now()
	x.deadline = x.start.Add(s.p.opts.RequestTimeout)
	return x
}

func release(x *exchange) {
	x.req.Reset()
	x.s, x.clientIP, x.requestID, x.key, x.entry, x.tenant = nil, netip.Addr{}, nil, directory.Key{}, tenantcache.Entry{}, nil
	x.identity, x.rules, x.match, x.versionLines, x.maxBody, x.retryAfter = nil, nil, policy.Match{}, nil, 0, 0
	x.tenantRequest, x.tenantResponse = policy.Headers{}, policy.Headers{}
	x.limits.done()
	x.waiter.Done(hold.Failed)
	x.waiter = nil
	x.upload.free()
	x.cell, x.hops, x.asked, x.principal, x.common, x.mark, x.body, x.upload = "", 0, false, "", 0, 0, nil, nil
	x.answered = time.Time{}
	x.trace.reset()
	x.status, x.close, x.sent, x.bodyRead = 0, false, false, false
	x.out, x.answer, x.bodyBuffer = recycled(x.out), recycled(x.answer), recycled(x.bodyBuffer)
	exchanges.Put(x)
}

func recycled(b []byte) []byte {
	if cap(b) > keepBuffer {
		return nil
	}
	return b[:0]
}
