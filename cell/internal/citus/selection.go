package citus

import (
	"context"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/coditect/platform/cell"
)

// selection is a SELECT of one tenant's rows that grows by conditions: a list,
// of which a page is read, of the tenant or of each of several parents.
type selection struct {
	columns, from string
	id            string // the column that tells rows apart and orders lists
	newest        bool   // lists begin with the newest
	parent        string // condition of a parent's rows, with ? in its place

	where string
	args  []any // the first is the tenant
}

// rowsOf selects all rows of the tenant. The column that names it stands in
// whose, with the table's alias if there is one.
func rowsOf(columns, from, whose, id string) selection {
	return selection{columns: columns, from: from, id: id, where: whose + ` = $1`, args: []any{nil}}
}

// and adds a condition that ends in the argument.
func (q *selection) and(condition string, arg any) {
	q.where += ` AND ` + condition + q.arg(arg)
}

func (q *selection) arg(arg any) string {
	q.args = append(q.args, arg)
	return placeholder(len(q.args))
}

// queue queues the selection as it is.
func (q selection) queue(w *work) *pgx.QueuedQuery {
	q.args[0] = w.tenant()
	return w.Queue(`SELECT `+q.columns+` FROM `+q.from+` WHERE `+q.where, q.args...)
}

// paged is up to limit+1 rows behind the one that the page names.
func (q selection) paged(page cell.PageRequest) selection {
	if q.newest {
		q.and(q.id+` < `, before(page.After))
	} else {
		q.and(q.id+` > `, page.After.String())
	}
	q.where += ` ORDER BY ` + q.id + q.direction() + ` LIMIT ` + q.arg(page.Limit+1)
	return q
}

func (q selection) direction() string {
	if q.newest {
		return ` DESC`
	}
	return ``
}

// with is only the rows with the ids.
func (q selection) with(ids []uuid.UUID) selection {
	q.where += ` AND ` + q.id + ` = ANY(` + q.arg(idTexts(ids)) + `::text[]::uuid[])`
	return q
}

// of is a page for each of the parents, whose id comes first in every row.
func (q selection) of(parents []uuid.UUID, page cell.PageRequest) selection {
	list := idTexts(parents)
	q.where += ` AND ` + strings.ReplaceAll(q.parent, `?`, `x.parent`)
	each := q.paged(page)
	_, order, found := strings.Cut(each.id, `.`)
	if !found {
		order = each.id
	}
	return selection{
		columns: `x.parent, r.*`, from: `unnest(` + each.arg(list) + `::text[]::uuid[]) WITH ORDINALITY AS x (parent, place)
			CROSS JOIN LATERAL (SELECT ` + each.columns + ` FROM ` + each.from + ` WHERE ` + each.where + `) AS r`,
		where: `true ORDER BY x.place, r.` + order + each.direction(), args: each.args,
	}
}

func idTexts(ids []uuid.UUID) []string {
	texts := make([]string, len(ids))
	for i, id := range ids {
		texts[i] = id.String()
	}
	return texts
}

// list reads a page of a list.
func list[T any](ctx context.Context, s *Store, call *cell.Call, q selection, page cell.PageRequest, scan func(row) (T, error)) ([]T, error) {
	var rows []T
	err := s.read(ctx, call, func(w *work) { q.paged(page).queue(w).Query(collect(&rows, scan)) })
	return rows, err
}
