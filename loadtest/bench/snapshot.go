package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/coditect/platform/deploy/local"
	"github.com/coditect/platform/loadtest/internal/figures"
	"github.com/coditect/platform/shared/directory"
)

// snapshot reads the whole directory as a router does: streamed and checked.
func snapshot(ctx context.Context, p *local.Platform, f *figures.Figures) error {
	e := p.State().Endpoints.ControlPlane
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, e.URL+"/v1/directory/snapshot", nil)
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+e.Token)
	start := time.Now()
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("snapshot: %s", resp.Status)
	}
	body, count := &counted{r: resp.Body}, &counter{}
	if _, err := directory.ReadSnapshot(body, count); err != nil {
		return err
	}
	took := time.Since(start)
	f.AtMost("snapshot_size", float64(body.n)/(1<<20), "MiB", 64)
	f.AtMost("snapshot_time", took.Seconds(), "s", 5)
	f.AtLeast("snapshot_tenants", float64(count.tenants), "tenants", 1) // says of how many the two above speak
	return nil
}

type counted struct {
	r io.Reader
	n int64
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

type counter struct{ tenants int }

func (*counter) Cell(directory.Cell) error { return nil }

func (c *counter) Tenant(*directory.Assignment) error {
	c.tenants++
	return nil
}
