package proxy

import (
	"encoding/hex"
	"math/rand/v2"
	"strconv"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"github.com/coditect/platform/router/internal/http1"
	"github.com/coditect/platform/shared/tracing"
)

// A request's span is made once it is over, and only if it is to be sent: until
// then it is these octets. So a request that is not costs two random numbers.
type traced struct {
	on        bool     // there is a tracer
	sampled   bool     // whatever becomes of the request
	continued bool     // the client began the trace
	header    [55]byte // what the cell is told: 00-trace-span-flags
	parent    [16]byte // the client's span, in hex, if it is continued
}

func (t *traced) reset() { t.on, t.sampled, t.continued = false, false, false }

// id is the trace's id in hex; empty if nothing is traced.
func (t *traced) id() []byte {
	if !t.on {
		return nil
	}
	return t.header[3:35]
}

// beginTrace continues the client's trace, or begins one, and decides whether
// it is sampled. What a client says of that counts from a proxy that is trusted;
// anybody else may ask for a few traces. Otherwise chance decides.
func (x *exchange) beginTrace(tracer *tracing.Tracer) {
	t := &x.trace
	t.on = true
	lower := rand.Uint64()
	copy(t.header[:], "00-")
	if client := x.req.Get(http1.Traceparent); validTraceparent(client) {
		t.continued = true
		copy(t.parent[:], client[36:52])
		copy(t.header[3:35], client[3:35])
		if flagged := oddDigit(client[54]); x.s.trusted {
			t.sampled = flagged
		} else {
			t.sampled = flagged && x.s.p.asked.grant(x.start) || tracer.Chosen(lower)
		}
	} else {
		putHex(t.header[3:19], rand.Uint64()|1)
		putHex(t.header[19:35], lower)
		t.sampled = tracer.Chosen(lower)
	}
	t.header[35] = '-'
	putHex(t.header[36:52], rand.Uint64()|1)
	flags := "-00"
	if t.sampled {
		flags = "-01"
	}
	copy(t.header[52:], flags)
}

// putHex writes the sixteen digits of n.
func putHex(dst []byte, n uint64) { _ = appendHex(dst[:0], n) }

// oddDigit reports whether the last bit of a hexadecimal digit is set.
func oddDigit(c byte) bool {
	if c >= 'a' {
		return c&1 == 0
	}
	return c&1 == 1
}

// mostAsked is how many traces a second clients may ask for.
const mostAsked = 10

// asked counts the traces that clients asked for in a second.
type asked struct {
	mu     sync.Mutex
	second int64
	n      int
}

func (a *asked) grant(now time.Time) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if second := now.Unix(); second != a.second {
		a.second, a.n = second, 0
	}
	a.n++
	return a.n <= mostAsked
}

// recordTrace sends the request's span, if it is to be sent: it was chosen, or
// failed, or was slow. It returns the trace's id then, else "". Of an answer that
// streams only its beginning can be slow.
func (p *Proxy) recordTrace(x *exchange, end time.Time) string {
	tracer, begun := p.opts.Tracer, end
	if !x.answered.IsZero() {
		begun = x.answered
	}
	if !x.trace.sampled && (x.status < 500 && begun.Sub(x.start) < tracer.Slow() || !tracer.Keep()) {
		return ""
	}
	past := tracing.Past{
		Name: string(x.req.Method) + " " + x.match.Name, Kind: trace.SpanKindServer, Start: x.start, End: end, Attributes: x.traceAttributes(),
	}
	past.Trace, past.Span = traceID(x.trace.header[3:35]), spanID(x.trace.header[36:52])
	if x.trace.continued {
		past.Parent = spanID(x.trace.parent[:])
	}
	if x.status >= 500 {
		past.Failure = "answered with " + strconv.Itoa(x.status)
	}
	tracer.Record(past)
	return string(x.trace.id())
}

func (x *exchange) traceAttributes() []attribute.KeyValue {
	all := []attribute.KeyValue{
		attribute.String("http.request.method", string(x.req.Method)), attribute.Int("http.response.status_code", x.status),
		attribute.String("request_id", string(x.requestID)), attribute.String("route_class", x.match.Name), attribute.Int("hops", x.hops),
		attribute.Bool("held", x.waiter != nil), attribute.Bool("directory_asked", x.asked),
	}
	if !x.entry.TenantID.IsZero() {
		all = append(all, attribute.String("tenant", x.entry.TenantID.String()))
	}
	if x.cell != "" {
		all = append(all, attribute.String("cell", x.cell))
	}
	if !x.trace.sampled {
		all = append(all, attribute.Bool("kept", true))
	}
	if !x.answered.IsZero() {
		all = append(all, attribute.Int64("cell_answered_us", x.answered.Sub(x.start).Microseconds()))
	}
	return all
}

func traceID(text []byte) (id trace.TraceID) {
	_, _ = hex.Decode(id[:], text) // it is valid
	return id
}

func spanID(text []byte) (id trace.SpanID) {
	_, _ = hex.Decode(id[:], text) // likewise
	return id
}
