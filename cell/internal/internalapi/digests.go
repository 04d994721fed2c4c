package internalapi

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/coditect/platform/cell"
	api "github.com/coditect/platform/cell/api/internalapi"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/web"
)

// DigestTables implements the API.
func (s *server) DigestTables(ctx context.Context, r api.DigestTablesRequestObject) (api.DigestTablesResponseObject, error) {
	of := transferOf(r.TenantID, r.MigrationID)
	if r.Body.Rows == nil {
		return digestLines{s, ctx, func(ctx context.Context, l *lines) error {
			return s.exporter.Digests(ctx, of, func(at cell.Position) error { return l.write(api.DigestLine{Position: &at}) },
				func(d cell.TableDigest) error { return l.write(lineOf(d)) })
		}}, nil
	}
	rows := make([]cell.TableRows, len(*r.Body.Rows))
	for i, some := range *r.Body.Rows {
		rows[i] = cell.TableRows{Table: some.Table, Keys: some.Keys}
	}
	return digestLines{s, ctx, func(ctx context.Context, l *lines) error {
		var at func(cell.Position) error
		if r.Body.AtPosition != nil && *r.Body.AtPosition {
			at = func(at cell.Position) error { return l.write(api.DigestLine{Position: &at}) }
		}
		digests, err := s.exporter.DigestRows(ctx, of, rows, at)
		if err != nil {
			return err
		}
		for _, d := range digests {
			if err := l.write(lineOf(d)); err != nil {
				return err
			}
		}
		return nil
	}}, nil
}

func lineOf(d cell.TableDigest) api.DigestLine {
	return api.DigestLine{Table: &d.Table, Rows: &d.Rows, Digest: &d.Sum}
}

// digestLines answers with lines of JSON while run writes them.
type digestLines struct {
	*server
	ctx context.Context
	run func(ctx context.Context, l *lines) error
}

// VisitDigestTablesResponse implements the generated interface.
func (d digestLines) VisitDigestTablesResponse(w http.ResponseWriter) error {
	ctx, cancel := untilDrained(d.ctx)
	defer cancel()
	l := &lines{w: w}
	err := d.run(ctx, l)
	if err != nil && l.begun {
		text := fault.ProblemOf(d.brokenOff(ctx, err), web.RequestID(ctx)).Detail
		_ = l.write(api.DigestLine{Error: &text}) // if the client is gone there is nobody left to tell
		return nil
	}
	if err == nil {
		l.begin()
	}
	return err
}

// lines writes each line at once.
type lines struct {
	w     http.ResponseWriter
	begun bool
}

func (l *lines) begin() {
	if !l.begun {
		l.w.Header().Set("Content-Type", "application/x-ndjson")
		l.begun = true
	}
}

func (l *lines) write(line api.DigestLine) error {
	l.begin()
	if err := json.NewEncoder(l.w).Encode(line); err != nil {
		return err
	}
	return http.NewResponseController(l.w).Flush()
}
