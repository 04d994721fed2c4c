package membership

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/coditect/platform/shared/fault"
)

const requestTimeout = 4 * time.Second // less than the pause between heartbeats

// Client speaks the few lines of the control plane's API that a cell needs.
type Client struct {
	base, token string
	http        *http.Client
}

// NewClient returns a client of the control plane at base (http://host:port).
func NewClient(base, token string) *Client {
	return &Client{base: strings.TrimSuffix(base, "/"), token: token, http: &http.Client{}}
}

// Register says where and what the cell is; repeating it changes nothing.
func (c *Client) Register(ctx context.Context, cell string, r Registration) error {
	return c.send(ctx, http.MethodPut, "/v1/cells/"+url.PathEscape(cell), r)
}

// Heartbeat reports the cell's load. The fault not_found means that the
// control plane does not know the cell, conflict that it must not serve before
// it was reconciled.
func (c *Client) Heartbeat(ctx context.Context, cell string, h Heartbeat) error {
	return c.send(ctx, http.MethodPost, "/v1/cells/"+url.PathEscape(cell)+"/heartbeat", h)
}

// CloseIdle closes connections that wait for reuse.
func (c *Client) CloseIdle() { c.http.CloseIdleConnections() }

func (c *Client) send(ctx context.Context, method, path string, body any) error {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	return c.Ask(ctx, method, path, body, nil)
}

// maxAnswer bounds what is read of an answer, in bytes.
const maxAnswer = 4 << 20

// Ask sends a request, with a body of JSON unless it is nil, and decodes the
// answer unless that is nil. It waits for as long as ctx lets it. Problem
// documents come back as the faults that they were.
func (c *Client) Ask(ctx context.Context, method, path string, body, answer any) error {
	var text io.Reader
	if body != nil {
		raw, err := json.Marshal(body)
		if err != nil {
			return fmt.Errorf("encode: %w", err)
		}
		text = bytes.NewReader(raw)
	}
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, text)
	if err != nil {
		return fmt.Errorf("control plane URL: %w", err)
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	req.Header.Set("Authorization", "Bearer "+c.token)
	resp, err := c.http.Do(req)
	if err != nil {
		return fmt.Errorf("control plane: %w", err)
	}
	defer func() { _ = resp.Body.Close() }() // only read
	if resp.StatusCode >= http.StatusBadRequest {
		return fault.ReadProblem(resp.StatusCode, resp.Header, resp.Body)
	}
	if answer == nil {
		return nil
	}
	if err := json.NewDecoder(io.LimitReader(resp.Body, maxAnswer)).Decode(answer); err != nil {
		return fmt.Errorf("control plane: %s %s: %w", method, path, err)
	}
	return nil
}
