package fleet

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/coditect/platform/loadtest/internal/tenantclient"
)

// regions are those of the cells.
var regions = map[string]string{"cell-a": "us-central1", "cell-b": "europe-west1"}

// SignUp signs a tenant up that lives in a cell, may move to any other, and
// whose users talk to the router of the cell's region.
func (f *Fleet) SignUp(ctx context.Context, cell string) (*tenantclient.Tenant, error) {
	slug := "t" + strings.ToLower(rand.Text()[:12])
	body := map[string]any{
		"organization": "Org " + slug, "slug": slug, "plan": "business",
		"owner": map[string]string{"name": "Olga", "email": "owner@" + slug + ".example"},
	}
	var answer struct {
		Tenant struct {
			ID   string `json:"tenant_id"`
			Cell string `json:"cell"`
		} `json:"tenant"`
		Key string `json:"api_key"`
	}
	if err := f.operate(ctx, http.MethodPost, "/v1/signups", body, &answer); err != nil {
		return nil, err
	}
	if answer.Tenant.Cell != cell { // who names a region at sign-up has to stay there
		if err := f.MoveAll(ctx, []string{answer.Tenant.ID}, cell, 1); err != nil {
			return nil, err
		}
	}
	const connections = 1000
	transport := &http.Transport{MaxIdleConns: connections, MaxIdleConnsPerHost: connections}
	return &tenantclient.Tenant{
		ID: answer.Tenant.ID, Slug: slug, Cell: cell, Key: answer.Key, Router: f.front(regions[cell]), Client: &http.Client{Transport: transport},
	}, nil
}

// Migration is what the control plane says of one.
type Migration struct {
	ID       string  `json:"id"`
	Phase    string  `json:"phase"`
	Stage    string  `json:"stage"`
	Attempts int     `json:"attempts"`
	PauseMS  float64 `json:"pause_ms"`
	Failure  string  `json:"failure"`
	// FailureCode says why it was undone.
	FailureCode string `json:"failure_code"`
	Progress    struct {
		RowsDone int64 `json:"rows_done"`
	} `json:"progress"`
	Timings []struct {
		Stage string    `json:"stage"`
		From  time.Time `json:"from"`
		Until time.Time `json:"until"`
	} `json:"timings"`
}

// Over reports that nothing more will happen by itself.
func (m Migration) Over() bool {
	return m.Phase == "completed" || m.Phase == "aborted" || m.Phase == "rolled_back"
}

// Migrate begins to move a tenant.
func (f *Fleet) Migrate(ctx context.Context, tenant, target string, window time.Duration) (Migration, error) {
	return f.MigrateWithin(ctx, tenant, target, window, time.Second)
}

// MigrateWithin is Migrate with a budget for the write pause.
func (f *Fleet) MigrateWithin(ctx context.Context, tenant, target string, window, pause time.Duration) (Migration, error) {
	var m Migration
	err := f.operate(ctx, http.MethodPost, "/v1/migrations", map[string]any{
		"tenant_id": tenant, "target": target,
		"terms": map[string]any{"rollback_window_seconds": int(window.Seconds()), "pause_budget_ms": pause.Milliseconds(), "moves_at_once": 16},
	}, &m)
	return m, err
}

// MigrateSlowly begins to move a tenant with a bound on the copy, in bytes a
// second.
func (f *Fleet) MigrateSlowly(ctx context.Context, tenant, target string, bytesPerSecond int64) (Migration, error) {
	var m Migration
	err := f.operate(ctx, http.MethodPost, "/v1/migrations", map[string]any{
		"tenant_id": tenant, "target": target, "terms": map[string]any{"rollback_window_seconds": 0, "bytes_per_second": bytesPerSecond},
	}, &m)
	return m, err
}

// Migration asks for one.
func (f *Fleet) Migration(ctx context.Context, id string) (m Migration, err error) {
	err = f.operate(ctx, http.MethodGet, "/v1/migrations/"+id, nil, &m)
	return m, err
}

// Order gives a migration an order: finish, rollback, abort, pause, resume.
func (f *Fleet) Order(ctx context.Context, id, order string) error {
	return f.operate(ctx, http.MethodPost, "/v1/migrations/"+id+"/"+order, map[string]any{}, nil)
}

// Home returns the cell that the directory names.
func (f *Fleet) Home(ctx context.Context, tenant string) (cell string, err error) {
	var answer struct {
		Cell string `json:"cell"`
	}
	err = f.operate(ctx, http.MethodGet, "/v1/tenants/"+tenant, nil, &answer)
	return answer.Cell, err
}

// operate calls the control plane as an admin. What it says it cannot do at the
// moment is asked again, for a while.
func (f *Fleet) operate(ctx context.Context, method, path string, body, into any) error {
	const patience, every = time.Minute, 200 * time.Millisecond
	var content []byte
	if body != nil {
		var err error
		if content, err = json.Marshal(body); err != nil {
			return err
		}
	}
	key, begun := rand.Text(), time.Now()
	for {
		status, text, err := f.ask(ctx, method, path, key, content)
		switch {
		case err != nil:
			return err
		case status == http.StatusServiceUnavailable && time.Since(begun) < patience:
			if err := pause(ctx, every); err != nil {
				return err
			}
		case status >= http.StatusMultipleChoices:
			return fmt.Errorf("%s %s: %d %s", method, path, status, bytes.TrimSpace(text))
		case into == nil || len(text) == 0:
			return nil
		default:
			return json.Unmarshal(text, into)
		}
	}
}

func (f *Fleet) ask(ctx context.Context, method, path, key string, body []byte) (status int, answer []byte, err error) {
	at := f.Platform.State().Endpoints.ControlPlane
	r, err := http.NewRequestWithContext(ctx, method, at.URL+path, bytes.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	r.Header.Set("Authorization", "Bearer "+at.Token)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Idempotency-Key", key)
	response, err := f.client.Do(r)
	if err != nil {
		return 0, nil, err
	}
	defer response.Body.Close()
	answer, err = io.ReadAll(response.Body)
	return response.StatusCode, answer, err
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
