package tenantclient

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"
)

// Tenant is a signed-up tenant and the router that its users talk to.
type Tenant struct {
	ID, Slug, Cell string
	Key            string // its owner's
	Router         string // base URL
	Client         *http.Client
}

// answer is what came back, if anything did.
type answer struct {
	status int
	body   []byte
	err    error
}

func (a answer) ok() bool { return a.err == nil && a.status >= 200 && a.status < 300 }

// refused reports that the request certainly had no effect.
func (a answer) refused() bool { return a.err == nil && a.status >= 400 && a.status < 500 }

func (a answer) String() string {
	if a.err != nil {
		return a.err.Error()
	}
	return fmt.Sprintf("%d %s", a.status, bytes.TrimSpace(a.body[:min(len(a.body), 300)]))
}

// requestLimit is how patient users are.
const requestLimit = 20 * time.Second

// do sends one request, once.
func (t *Tenant) do(ctx context.Context, method, path, once string, body any) answer {
	ctx, cancel := context.WithTimeout(ctx, requestLimit)
	defer cancel()
	var content io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return answer{err: err}
		}
		content = bytes.NewReader(text)
	}
	r, err := http.NewRequestWithContext(ctx, method, t.Router+path, content)
	if err != nil {
		return answer{err: err}
	}
	r.Host = t.Slug + ".localhost"
	r.Header.Set("Authorization", "Bearer "+t.Key)
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if once != "" {
		r.Header.Set("Idempotency-Key", once)
	}
	response, err := t.Client.Do(r)
	if err != nil {
		return answer{err: err}
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	return answer{status: response.StatusCode, body: text, err: err}
}

// settle repeats a request until it is acknowledged; once makes that safe.
func (t *Tenant) settle(ctx context.Context, method, path, once string, body, into any) error {
	const pause = 100 * time.Millisecond
	for {
		a := t.do(ctx, method, path, once, body)
		switch {
		case a.ok() && into == nil:
			return nil
		case a.ok():
			return json.Unmarshal(a.body, into)
		case a.refused() && a.status != http.StatusTooManyRequests && a.status != http.StatusConflict:
			return fmt.Errorf("%s %s: %s", method, path, a)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s %s: %w, last answer: %s", method, path, ctx.Err(), a)
		case <-time.After(pause):
		}
	}
}

type created struct {
	ID string `json:"id"`
}

type project struct {
	ID          string `json:"id"`
	Name        string `json:"name"`
	Description string `json:"description"`
}

// list returns every project of a workspace.
func (t *Tenant) list(ctx context.Context, workspace string) ([]project, error) {
	var all []project
	for cursor := ""; ; {
		var page struct {
			Items []project `json:"items"`
			Next  string    `json:"next_cursor"`
		}
		path := "/v1/projects?limit=200&workspace_id=" + workspace
		if cursor != "" {
			path += "&cursor=" + cursor
		}
		if err := t.settle(ctx, http.MethodGet, path, "", nil, &page); err != nil {
			return nil, err
		}
		all = append(all, page.Items...)
		if cursor = page.Next; cursor == "" {
			return all, nil
		}
	}
}

// Ping asks for the organization, once.
func (t *Tenant) Ping(ctx context.Context) error {
	if a := t.do(ctx, http.MethodGet, "/v1/organization", "", nil); !a.ok() {
		return fmt.Errorf("the tenant is not served: %s", a)
	}
	return nil
}
