package lookup

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/coditect/platform/router/internal/tenantcache"
	"github.com/coditect/platform/shared/directory"
	"github.com/coditect/platform/shared/fault"
)

const (
	lookupTimeout = 3 * time.Second
	maxAnswer     = 16 << 20
	changesLimit  = 1000
)

// Client reads the directory. It is safe for concurrent use.
type Client struct {
	base  string
	token string
	http  *http.Client
	batch batcher
}

// NewClient returns a client of the control plane at base, a URL without a
// path, that identifies itself with an API key of role router.
func NewClient(base, token string) *Client {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = 64
	transport.ResponseHeaderTimeout = 90 * time.Second // longer than the longest poll
	c := &Client{base: base, token: token, http: &http.Client{Transport: transport}}
	c.batch.client, c.batch.now = c, time.Now
	return c
}

// Lookup asks for one key, in one request with others if there are many. A key
// that leads nowhere is an answer, not an error.
func (c *Client) Lookup(ctx context.Context, k directory.Key) (tenantcache.Answer, error) {
	if c.batch.alone() {
		return c.lookupOne(ctx, k)
	}
	return c.batch.lookup(ctx, k)
}

func (c *Client) lookupOne(ctx context.Context, k directory.Key) (tenantcache.Answer, error) {
	ctx, cancel := context.WithTimeout(ctx, lookupTimeout)
	defer cancel()
	resp, err := c.get(ctx, "/v1/directory/lookup?"+url.Values{"kind": {string(k.Kind)}, "value": {k.Value}}.Encode())
	if err != nil {
		return tenantcache.Answer{}, err
	}
	defer drain(resp.Body)
	version, _ := strconv.ParseUint(resp.Header.Get("Directory-Version"), 10, 64) // absent: 0, the oldest
	switch resp.StatusCode {
	case http.StatusOK:
		var entry directory.Entry
		if err := decode(resp.Body, &entry); err != nil {
			return tenantcache.Answer{}, err
		}
		return tenantcache.Answer{Entry: &entry, Version: version}, nil
	case http.StatusNotFound:
		if f := fault.ReadProblem(resp.StatusCode, resp.Header, resp.Body); f.Code != fault.UnknownTenant {
			return tenantcache.Answer{}, f
		}
		return tenantcache.Answer{Version: version}, nil
	default:
		return tenantcache.Answer{}, fault.ReadProblem(resp.StatusCode, resp.Header, resp.Body)
	}
}

// Changes returns the run of the change log after since, waiting up to wait for
// the first one. A fault of code Gone means that the log no longer reaches back
// so far: take a snapshot.
func (c *Client) Changes(ctx context.Context, since uint64, wait time.Duration) (directory.Changes, error) {
	path := fmt.Sprintf("/v1/directory/changes?since=%d&wait_seconds=%d&limit=%d", since, int(wait.Seconds()), changesLimit)
	resp, err := c.get(ctx, path)
	if err != nil {
		return directory.Changes{}, err
	}
	defer drain(resp.Body)
	if resp.StatusCode != http.StatusOK {
		return directory.Changes{}, fault.ReadProblem(resp.StatusCode, resp.Header, resp.Body)
	}
	var changes directory.Changes
	return changes, decode(resp.Body, &changes)
}

// Snapshot copies a snapshot of the whole directory to w, unread.
func (c *Client) Snapshot(ctx context.Context, w io.Writer) error {
	resp, err := c.get(ctx, "/v1/directory/snapshot")
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return fault.ReadProblem(resp.StatusCode, resp.Header, resp.Body)
	}
	if _, err := io.Copy(w, resp.Body); err != nil {
		return fmt.Errorf("directory snapshot: %w", err)
	}
	return nil
}

func (c *Client) get(ctx context.Context, path string) (*http.Response, error) {
	return c.do(ctx, http.MethodGet, path, nil)
}

func (c *Client) do(ctx context.Context, method, path string, body io.Reader) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, body)
	if err != nil {
		return nil, fmt.Errorf("directory request: %w", err)
	}
	req.Header.Set("Authorization", "Bearer "+c.token)
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, fmt.Errorf("ask the directory: %w", err)
	}
	return resp, nil
}

func decode(r io.Reader, into any) error {
	if err := json.NewDecoder(io.LimitReader(r, maxAnswer)).Decode(into); err != nil {
		return fmt.Errorf("directory answer: %w", err)
	}
	return nil
}

// drain reads what is left, so that the connection can be used again.
func drain(body io.ReadCloser) {
	_, _ = io.Copy(io.Discard, io.LimitReader(body, 64<<10))
	_ = body.Close()
}
