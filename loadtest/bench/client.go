package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"

	"github.com/coditect/platform/deploy/local"
)

// call sends one request and returns status and body.
func call(ctx context.Context, method, url, host, key string, body []byte, header map[string]string) (int, []byte, error) {
	req, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	if host != "" {
		req.Host = host
	}
	if key != "" {
		req.Header.Set("Authorization", "Bearer "+key)
	}
	if len(body) > 0 {
		req.Header.Set("Content-Type", "application/json")
	}
	for name, value := range header {
		req.Header.Set(name, value)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	answer, err := io.ReadAll(resp.Body)
	return resp.StatusCode, answer, err
}

// operate calls the control plane as an admin and wants one of the 200s.
func operate(ctx context.Context, p *local.Platform, method, path, body string) ([]byte, error) {
	e := p.State().Endpoints.ControlPlane
	status, answer, err := call(ctx, method, e.URL+path, "", e.Token, []byte(body), nil)
	if err == nil && status/100 != 2 {
		err = fmt.Errorf("%s %s: %d %s", method, path, status, answer)
	}
	return answer, err
}
