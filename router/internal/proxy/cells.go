package proxy

import (
	"errors"
	"io"
	"net"
	"net/url"
	"sync"
	"syscall"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/coditect/platform/shared/cellapi"
	"github.com/coditect/platform/shared/directory"
)

// Limits of the connections to one cell.
const (
	maxConnsPerCell  = 4096
	cellIdleTimeout  = 30 * time.Second // less than the cell's own, so that the router closes first
	cellDialTimeout  = 2 * time.Second
	maxHeadFromCell  = 32 << 10
	maxInMemoryReply = 64 << 10 // beyond it the body streams
)

// cellPools keeps a connection pool and the signing key of every cell that was
// asked so far.
type cellPools struct {
	master  []byte
	timeout time.Duration
	pools   sync.Map // cell id → *cellPool
}

type cellPool struct {
	endpoint string
	scheme   string
	client   *fasthttp.HostClient
	signer   *cellapi.Signer
}

func newCellPools(master []byte, timeout time.Duration) *cellPools {
	return &cellPools{master: master, timeout: timeout}
}

// get returns the pool of a cell, a new one if its endpoint changed: what is in
// flight on the old one finishes there.
func (c *cellPools) get(cell *directory.Cell) (*cellPool, error) {
	if known, ok := c.pools.Load(cell.ID); ok {
		if pool := known.(*cellPool); pool.endpoint == cell.Endpoint {
			return pool, nil
		}
	}
	endpoint, err := url.Parse(cell.Endpoint)
	if err != nil {
		return nil, err
	}
	pool := &cellPool{
		endpoint: cell.Endpoint, scheme: endpoint.Scheme, signer: cellapi.NewSigner(cellapi.DeriveKey(c.master, cell.ID)),
		client: &fasthttp.HostClient{
			Addr: endpoint.Host, IsTLS: endpoint.Scheme == "https", NoDefaultUserAgentHeader: true,
			Dial: c.dial, Transport: exactTarget{}, MaxConns: maxConnsPerCell, MaxIdleConnDuration: cellIdleTimeout,
			ReadBufferSize:     maxHeadFromCell,
			StreamResponseBody: true, MaxResponseBodySize: maxInMemoryReply,
			DisablePathNormalizing: true, MaxIdemponentCallAttempts: 2, RetryIfErr: retriable,
		},
	}
	if old, loaded := c.pools.Swap(cell.ID, pool); loaded {
		old.(*cellPool).client.CloseIdleConnections()
	}
	return pool, nil
}

func (c *cellPools) dial(addr string) (net.Conn, error) {
	conn, err := fasthttp.DialTimeout(addr, cellDialTimeout)
	if err != nil {
		return nil, err
	}
	return &stallConn{Conn: conn, stall: c.timeout}, nil
}

// retriable allows one more try of an idempotent request without a body on a
// connection that the cell had closed while it was idle.
func retriable(req *fasthttp.Request, attempts int, err error) (resetTimeout, retry bool) {
	idempotent := req.Header.IsGet() || req.Header.IsHead() || req.Header.IsOptions()
	closed := errors.Is(err, io.EOF) || errors.Is(err, fasthttp.ErrConnectionClosed) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
	return false, idempotent && closed && !req.IsBodyStream() && attempts < 2
}

// exactTarget sends the request target as the client wrote it: the path that was
// signed, not one that was parsed and put together again.
type exactTarget struct{}

// RoundTrip implements [fasthttp.RoundTripper].
func (exactTarget) RoundTrip(hc *fasthttp.HostClient, req *fasthttp.Request, resp *fasthttp.Response) (bool, error) {
	var buf [512]byte
	req.SetRequestURIBytes(append(buf[:0], req.Header.RequestURI()...))
	return fasthttp.DefaultTransport.RoundTrip(hc, req, resp)
}

func (c *cellPools) closeIdle() {
	c.pools.Range(func(_, pool any) bool {
		pool.(*cellPool).client.CloseIdleConnections()
		return true
	})
}
