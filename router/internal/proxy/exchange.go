package proxy

import (
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/valyala/fasthttp"

	"github.com/coditect/platform/router/internal/resolve"
	"github.com/coditect/platform/router/internal/tenantcache"
	"github.com/coditect/platform/shared/cellapi"
	"github.com/coditect/platform/shared/directory"
)

// exchange is one request and what becomes known of it. It is pooled.
type exchange struct {
	ctx       *fasthttp.RequestCtx
	out       *fasthttp.Request // what the cell is sent: never the client's own request
	streams   bool              // the body goes through as it comes, and can be sent once
	start     time.Time
	requestID string
	key       directory.Key
	entry     *tenantcache.Entry
	cell      string // that answered, or was asked last
	hops      int

	host      [resolve.MaxHost]byte
	signature [cellapi.SignatureLength]byte
}

var exchanges = sync.Pool{New: func() any { return new(exchange) }}

func acquire(ctx *fasthttp.RequestCtx, now time.Time) *exchange {
	x := exchanges.Get().(*exchange)
	x.ctx, x.start = ctx, now
	x.out = fasthttp.AcquireRequest()
	return x
}

func release(x *exchange) {
	fasthttp.ReleaseRequest(x.out)
	x.out, x.streams = nil, false
	x.ctx, x.requestID, x.key, x.entry, x.cell, x.hops = nil, "", directory.Key{}, nil, "", 0
	exchanges.Put(x)
}

const maxRequestID = 128

// identify keeps a sane request id of the client and makes one otherwise.
func (x *exchange) identify() {
	id := x.ctx.Request.Header.Peek(cellapi.HeaderRequestID)
	if len(id) > 0 && len(id) <= maxRequestID && visible(id) {
		x.requestID = string(id)
		return
	}
	x.requestID = uuid.Must(uuid.NewV7()).String()
}

func visible(b []byte) bool {
	for _, c := range b {
		if c <= ' ' || c > '~' {
			return false
		}
	}
	return true
}
