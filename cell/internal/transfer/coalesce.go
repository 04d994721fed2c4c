package transfer

import (
	"strings"

	"github.com/coditect/platform/cell"
)

// maxBatch bounds a batch, in changes: it is one transaction of the target.
const maxBatch = 5_000

// coalescer turns transactions into a batch: what becomes of each row in the
// end. A batch ends between two changes, so every state that it leaves is one
// that the source let pass its constraints.
type coalescer struct {
	tables  map[string]cell.Table
	skip    func(table string) bool
	order   []*pending
	byTable map[string]*pending
	changes int
}

// pending is what becomes of some rows of one table.
type pending struct {
	table   cell.Table
	columns []string
	rows    map[string]*fate // by key
	order   []*fate
}

// fate is what becomes of one key.
type fate struct {
	key []string
	row *cell.NewRow // nil: it is gone
}

func newCoalescer(tables map[string]cell.Table, skip func(string) bool) *coalescer {
	return &coalescer{tables: tables, skip: skip, byTable: map[string]*pending{}}
}

// add takes changes of one transaction, in order.
func (c *coalescer) add(changes []cell.RowChange) {
	for _, change := range changes {
		c.changes++
		if c.skip(change.Table) {
			continue
		}
		c.pending(change).add(change)
	}
}

func (c *coalescer) full() bool { return c.changes >= maxBatch }

func (c *coalescer) pending(change cell.RowChange) *pending {
	p := c.byTable[change.Table]
	if p == nil {
		p = &pending{table: c.tables[change.Table], columns: change.Columns, rows: map[string]*fate{}}
		c.byTable[change.Table] = p
		c.order = append(c.order, p)
	}
	return p
}

func (p *pending) add(change cell.RowChange) {
	old := p.fate(change.Key)
	before := old.row
	old.row = nil
	if change.Row == nil {
		return
	}
	row := &cell.NewRow{From: change.Key, Values: change.Row}
	if before != nil {
		// What the log leaves out is what the batch gave the row, or again what it had before.
		row.From = before.From
		for i, v := range row.Values {
			if v.Unchanged {
				row.Values[i] = before.Values[i]
			}
		}
	}
	p.fate(change.NewKey).row = row
}

func (p *pending) fate(key []string) *fate {
	text := strings.Join(key, "\x00") // no text of Postgres has a NUL
	f := p.rows[text]
	if f == nil {
		f = &fate{key: key}
		p.rows[text] = f
		p.order = append(p.order, f)
	}
	return f
}

// batch returns what was coalesced.
func (c *coalescer) batch() []cell.TableBatch {
	batches := make([]cell.TableBatch, 0, len(c.order))
	for _, p := range c.order {
		b := cell.TableBatch{Table: p.table, Columns: p.columns}
		for _, f := range p.order {
			b.Keys = append(b.Keys, f.key)
			if f.row != nil {
				b.Rows = append(b.Rows, *f.row)
			}
		}
		batches = append(batches, b)
	}
	return batches
}
