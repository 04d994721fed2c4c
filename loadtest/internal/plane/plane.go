// Package plane is the control plane as load tests use it: as an operator, through
// its public API.
package plane

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"
)

// Plane is a control plane. Its key is an operator's.
type Plane struct {
	URL, Key string
	Client   *http.Client
}

// New returns a control plane's client.
func New(url, key string) *Plane { return &Plane{URL: url, Key: key, Client: &http.Client{}} }

// call sends one request and reads its answer into what is given, if anything is.
func (p *Plane) call(ctx context.Context, method, path string, body, into any) error {
	var content io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return err
		}
		content = bytes.NewReader(text)
	}
	const patience = 30 * time.Second
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	response, err := p.send(ctx, method, path, "application/json", content)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if into == nil {
		return nil
	}
	if err := json.NewDecoder(response.Body).Decode(into); err != nil {
		return fmt.Errorf("control plane: %s %s: %w", method, path, err)
	}
	return nil
}

// send sends a request; an answer above 299 is an error.
func (p *Plane) send(ctx context.Context, method, path, contentType string, body io.Reader) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, method, p.URL+path, body)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", "Bearer "+p.Key)
	request.Header.Set("Content-Type", contentType)
	request.Header.Set("Idempotency-Key", rand.Text())
	response, err := p.Client.Do(request)
	if err != nil {
		return nil, fmt.Errorf("control plane: %w", err)
	}
	if response.StatusCode > 299 {
		defer response.Body.Close()
		const enough = 1000
		text, _ := io.ReadAll(io.LimitReader(response.Body, enough)) // what is there says more than why the rest is not
		return nil, fmt.Errorf("control plane: %s %s: %d %s", method, path, response.StatusCode, bytes.TrimSpace(text))
	}
	return response, nil
}
