package citus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/tenancy"
)

// countedRows are counted, more are estimated from the planner's statistics.
const (
	countedRows = 10_000
	sampledRows = 200
)

// TenantSize estimates how much the tenant has.
func (m *Mover) TenantSize(ctx context.Context, id tenancy.ID) (cell.TenantSize, error) {
	size := cell.TenantSize{Fence: cell.Fence{TenantID: id}}
	const query = `SELECT t.slug, t.state, t.epoch, coalesce(o.plan, '') FROM tenants t
		LEFT JOIN organizations o ON o.tenant_id = t.tenant_id WHERE t.tenant_id = $1`
	err := m.pool.QueryRow(ctx, query, id.String()).Scan(&size.Fence.Slug, &size.Fence.State, &size.Fence.Epoch, &size.Plan)
	if errors.Is(err, pgx.ErrNoRows) {
		return size, fault.New(fault.NotFound, "the tenant is not in this cell")
	}
	if err != nil {
		return size, translate(err, nil)
	}
	tables, err := m.Tables(ctx)
	if err != nil {
		return size, err
	}
	return size, m.atHome(ctx, id, "", func(tx pgx.Tx, h home) error {
		size.Tables = nil
		for _, t := range tables {
			if t.Class != cell.ClassTenant || t.Problem != "" {
				continue
			}
			share, err := tableSize(ctx, tx, t.Name, h.name(t.Name), id)
			if err != nil {
				return err
			}
			size.Tables = append(size.Tables, share)
		}
		return nil
	})
}

// tableSize estimates the tenant's share of a table, which is called name where
// its rows are.
func tableSize(ctx context.Context, tx pgx.Tx, table, name string, id tenancy.ID) (cell.TableSize, error) {
	size := cell.TableSize{Name: table}
	var width float64
	own := `FROM ` + ident(name) + ` WHERE tenant_id = ` + literal(id.String())
	b := &pgx.Batch{}
	b.Queue(fmt.Sprintf(`SELECT count(*) FROM (SELECT 1 %s LIMIT %d) AS counted`, own, countedRows+1)).QueryRow(into(&size.Rows, scanOne[int64]))
	b.Queue(fmt.Sprintf(`SELECT coalesce(avg(pg_column_size(sampled.*)), 0)::float8 FROM (SELECT * %s LIMIT %d) AS sampled`, own, sampledRows)).
		QueryRow(into(&width, scanOne[float64]))
	if err := tx.SendBatch(ctx, b).Close(); err != nil {
		return size, err
	}
	if size.Rows > countedRows {
		planned, err := plannedRows(ctx, tx, `SELECT 1 `+own)
		if err != nil {
			return size, err
		}
		size.Rows = max(size.Rows, planned)
	}
	size.Bytes = int64(float64(size.Rows) * width)
	return size, nil
}

func plannedRows(ctx context.Context, tx pgx.Tx, query string) (int64, error) {
	var text string
	if err := tx.QueryRow(ctx, `EXPLAIN (FORMAT JSON) `+query).Scan(&text); err != nil {
		return 0, err
	}
	var plans []struct {
		Plan struct {
			Rows float64 `json:"Plan Rows"`
		}
	}
	if err := json.Unmarshal([]byte(text), &plans); err != nil || len(plans) == 0 {
		return 0, fmt.Errorf("read a query plan: %w", err)
	}
	return int64(plans[0].Plan.Rows), nil
}

func scanOne[T any](r row) (T, error) {
	var value T
	err := r.Scan(&value)
	return value, err
}
