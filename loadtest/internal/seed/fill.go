package seed

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/coditect/platform/loadtest/internal/tenants"
)

// words of projects, which searches look for.
var words = []string{"Alpha", "Beta", "Gamma", "Delta", "Project"}

// fill gives a tenant a workspace and projects.
func (o *Order) fill(ctx context.Context, t *tenants.Tenant) error {
	var workspace struct {
		ID string `json:"id"`
	}
	if err := o.post(ctx, t, "/v1/workspaces", "seed-workspace-"+t.Slug, map[string]string{"name": "Seeded"}, &workspace); err != nil {
		return err
	}
	type project struct {
		ID          string `json:"id,omitempty"`
		WorkspaceID string `json:"workspace_id"`
		Name        string `json:"name"`
		Description string `json:"description"`
	}
	var order struct {
		Projects []project `json:"projects"`
	}
	for i := range o.Projects {
		order.Projects = append(order.Projects, project{WorkspaceID: workspace.ID, Name: words[i%len(words)] + " " + strconv.Itoa(i), Description: "Seeded for load tests"})
	}
	var made struct {
		Items []struct {
			ID string `json:"id"`
		} `json:"items"`
	}
	if err := o.post(ctx, t, "/v1/projects/bulk-create", "seed-projects-"+t.Slug, order, &made); err != nil {
		return err
	}
	if len(made.Items) != o.Projects {
		return fmt.Errorf("%d of %d projects were made", len(made.Items), o.Projects)
	}
	t.Workspace, t.Projects = workspace.ID, nil
	for _, p := range made.Items {
		t.Projects = append(t.Projects, p.ID)
	}
	return nil
}

// post sends a request until it is answered for good; once makes repeating safe.
func (o *Order) post(ctx context.Context, t *tenants.Tenant, path, once string, body, into any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	const pause = 200 * time.Millisecond
	tick := time.NewTicker(pause)
	defer tick.Stop()
	for {
		status, answer, err := o.try(ctx, t, path, once, text)
		switch {
		case err == nil && status == http.StatusCreated:
			return json.Unmarshal(answer, into)
		case err == nil && status != http.StatusTooManyRequests && status < http.StatusInternalServerError:
			return fmt.Errorf("POST %s: %d %s", path, status, answer)
		case err == nil:
			err = fmt.Errorf("POST %s: %d %s", path, status, answer)
		}
		select {
		case <-ctx.Done():
			return err
		case <-tick.C:
		}
	}
}

func (o *Order) try(ctx context.Context, t *tenants.Tenant, path, once string, body []byte) (status int, answer []byte, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, o.Router+path, bytes.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	request.Host = t.Slug + "." + o.Domain
	request.Header.Set("Authorization", "Bearer "+t.Key)
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Idempotency-Key", once)
	response, err := o.Client.Do(request)
	if err != nil {
		return 0, nil, err
	}
	defer response.Body.Close()
	answer, err = io.ReadAll(response.Body)
	return response.StatusCode, bytes.TrimSpace(answer), err
}
