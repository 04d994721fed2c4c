package plane

import (
	"context"
	"fmt"
	"net/http"
	"time"
)

const lookEvery = 50 * time.Millisecond

type migration struct {
	ID      string  `json:"id"`
	Phase   string  `json:"phase"`
	Stage   string  `json:"stage"`
	PauseMS float64 `json:"pause_ms"`
	Failure string  `json:"failure"`
}

func (m *migration) over() bool {
	return m.Phase == "completed" || m.Phase == "aborted" || m.Phase == "rolled_back"
}

// Move moves a tenant to a cell, without a rollback window, and waits for its end.
func (p *Plane) Move(ctx context.Context, tenantID, cell string) (what string, err error) {
	m := &migration{}
	begun := time.Now()
	order := map[string]any{"tenant_id": tenantID, "target": cell, "terms": map[string]any{"rollback_window_seconds": 0}}
	if err := p.call(ctx, http.MethodPost, "/v1/migrations", order, m); err != nil {
		return "", err
	}
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for !m.over() {
		select {
		case <-ctx.Done():
			return "", fmt.Errorf("not waited for; it was in stage %s", m.Stage)
		case <-tick.C:
		}
		if err := p.call(ctx, http.MethodGet, "/v1/migrations/"+m.ID, nil, m); err != nil {
			return "", err
		}
	}
	if m.Phase != "completed" {
		return "", fmt.Errorf("%s: %s", m.Phase, m.Failure)
	}
	return fmt.Sprintf("completed in %s, writes paused for %.0f ms", time.Since(begun).Round(time.Millisecond), m.PauseMS), nil
}
