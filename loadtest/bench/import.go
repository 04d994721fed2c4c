package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"github.com/coditect/platform/deploy/local"
	"github.com/coditect/platform/loadtest/internal/figures"
)

const cellTenants = 50_000

// importIntoCells measures a bulk import that also makes the tenants in their cells.
func importIntoCells(ctx context.Context, p *local.Platform, f *figures.Figures) error {
	rate, err := bulkImport(ctx, p, "cells", "whole", cellTenants)
	if err == nil {
		f.AtLeast("import_into_cells", rate, "tenants/s", 5000)
	}
	return err
}

// importDirectory fills the directory for the figures that follow.
func importDirectory(ctx context.Context, p *local.Platform, f *figures.Figures, tenants int) error {
	rate, err := bulkImport(ctx, p, "directory", "bulk", tenants-cellTenants)
	if err == nil {
		f.AtLeast("import_into_directory", rate, "tenants/s", 5000)
	}
	return err
}

func bulkSlug(prefix string, i int) string { return fmt.Sprintf("%s-%07d", prefix, i) }

// bulkImport imports n tenants in one stream and returns the rate.
func bulkImport(ctx context.Context, p *local.Platform, provision, prefix string, n int) (perSecond float64, err error) {
	reader, writer := io.Pipe()
	go func() {
		out := bufio.NewWriterSize(writer, 1<<20)
		for i := range n {
			slug := bulkSlug(prefix, i)
			region := []string{"us-central1", "europe-west1"}[i%2]
			_, _ = fmt.Fprintf(out, `{"slug":%q,"organization":"Org %d","region":%q,"plan":"team","owner":{"name":"Owner","email":"owner@%s.example"}}`+"\n",
				slug, i, region, slug)
		}
		_ = writer.CloseWithError(out.Flush()) // a broken stream is seen by the request
	}()
	e := p.State().Endpoints.ControlPlane
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, e.URL+"/v1/tenants/import?provision="+provision, reader)
	if err != nil {
		return 0, err
	}
	req.Header.Set("Content-Type", "application/x-ndjson")
	req.Header.Set("Authorization", "Bearer "+e.Token)
	start := time.Now()
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	defer func() { _ = resp.Body.Close() }()
	return readResults(resp, n, start)
}

func readResults(resp *http.Response, n int, start time.Time) (perSecond float64, err error) {
	lines := bufio.NewScanner(resp.Body)
	lines.Buffer(nil, 1<<20)
	seen := 0
	for lines.Scan() {
		var result struct {
			Status  string                    `json:"status"`
			Summary struct{ Created float64 } `json:"summary"`
		}
		if err := json.Unmarshal(lines.Bytes(), &result); err != nil {
			return 0, fmt.Errorf("import: %d %s", resp.StatusCode, lines.Bytes())
		}
		if result.Status == "done" {
			if int(result.Summary.Created) != n {
				return 0, fmt.Errorf("import: %v of %d tenants created", result.Summary.Created, n)
			}
			return float64(n) / time.Since(start).Seconds(), nil
		}
		if seen++; seen%100_000 == 0 {
			_, _ = fmt.Fprintf(os.Stderr, "imported %d of %d, %.0f/s\n", seen, n, float64(seen)/time.Since(start).Seconds())
		}
	}
	return 0, fmt.Errorf("import: the answer was cut off: %w", lines.Err())
}
