package cellclient

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/shared/cellapi"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/tracing"
)

const (
	callTimeout    = 8 * time.Second // two calls fit into one sign-up's time
	batchTimeout   = time.Minute
	maxAnswer      = 4 << 20
	idlePerCell    = 32
	cellRetryAfter = 5 * time.Second
)

// Cells says where a cell's internal API is.
type Cells interface {
	Get(ctx context.Context, id string) (controlplane.Cell, error)
}

// Client calls cells. It is safe for concurrent use.
type Client struct {
	cells   Cells
	where   *addresses
	master  []byte
	clock   func() time.Time
	http    *http.Client
	signers sync.Map // cell id → *cellapi.Signer
}

// New returns a client that derives each cell's key from master.
func New(cells Cells, master []byte, clock func() time.Time) *Client {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.Proxy = nil // cells are inside
	transport.MaxIdleConnsPerHost = idlePerCell
	return &Client{cells: cells, where: &addresses{cells: cells, clock: clock}, master: master, clock: clock, http: &http.Client{
		Transport: tracing.Transport{Next: transport},
		// A redirect would carry the signature to another host.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// Close drops idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

const (
	jsonBody   = "application/json"
	mergePatch = "application/merge-patch+json" // RFC 7396
	ndjson     = "application/x-ndjson"
)

// call sends one signed request, whose body is in as JSON, and decodes the answer into out, if not nil.
func (c *Client) call(ctx context.Context, limit time.Duration, cell, method, path string, in, out any) error {
	return c.send(ctx, limit, cell, method, path, jsonBody, in, out)
}

// send is call with another media type; what is a reader is sent as it is.
func (c *Client) send(ctx context.Context, limit time.Duration, cell, method, path, media string, in, out any) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	req, err := c.request(ctx, cell, method, path, media, in)
	if err != nil {
		return err
	}
	if _, isStream := in.(io.Reader); !isStream {
		// Lets net/http repeat the request when an idle connection turns out to be
		// closed; an empty value is not sent.
		req.Header["X-Idempotency-Key"] = []string{}
	}
	return c.exchange(cell, req, out)
}

// once is call for what changes something each time that it arrives: it is sent
// again only if nothing of it was.
func (c *Client) once(ctx context.Context, cell, method, path string, in, out any) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	req, err := c.request(ctx, cell, method, path, jsonBody, in)
	if err != nil {
		return err
	}
	return c.exchange(cell, req, out)
}

func (c *Client) exchange(cell string, req *http.Request, out any) error {
	resp, err := c.http.Do(req)
	if err != nil {
		c.where.forget(cell)
		return fault.Wrap(err, fault.Unavailable, "the cell %s did not answer", cell).After(cellRetryAfter)
	}
	defer resp.Body.Close()
	body := io.LimitReader(resp.Body, maxAnswer)
	if resp.StatusCode/100 != 2 {
		return fmt.Errorf("cell %s: %w", cell, fault.ReadProblem(resp.StatusCode, resp.Header, body))
	}
	if out == nil {
		_, err = io.Copy(io.Discard, body) // lets the connection be used again
	} else {
		err = json.NewDecoder(body).Decode(out)
	}
	if err != nil {
		return fault.Wrap(err, fault.Unavailable, "the cell %s broke off its answer", cell).After(cellRetryAfter)
	}
	return nil
}

func (c *Client) request(ctx context.Context, cell, method, path, media string, in any) (*http.Request, error) {
	endpoint, err := c.where.of(ctx, cell)
	if err != nil {
		return nil, err
	}
	body, isStream := in.(io.Reader)
	if in != nil && !isStream {
		raw, err := json.Marshal(in)
		if err != nil {
			return nil, fmt.Errorf("encode request: %w", err)
		}
		body = bytes.NewReader(raw)
	}
	req, err := http.NewRequestWithContext(ctx, method, endpoint+path, body)
	if err != nil {
		return nil, fmt.Errorf("cell %s: %w", cell, err)
	}
	if in != nil {
		req.Header.Set("Content-Type", media)
	}
	id := controlplane.ActorOf(ctx).RequestID
	if id == "" {
		id = uuid.Must(uuid.NewV7()).String()
	}
	req.Header.Set(cellapi.HeaderRequestID, id)
	c.signer(cell).SignRequest(req, c.clock())
	return req, nil
}

func (c *Client) signer(cell string) *cellapi.Signer {
	if s, ok := c.signers.Load(cell); ok {
		return s.(*cellapi.Signer)
	}
	s, _ := c.signers.LoadOrStore(cell, cellapi.NewSigner(cellapi.DeriveKey(c.master, cell)))
	return s.(*cellapi.Signer)
}
