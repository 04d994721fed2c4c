package changestream

import (
	"errors"
	"fmt"

	"github.com/jackc/pglogrepl"

	"github.com/coditect/platform/cell"
)

// Decoder understands the messages of one stream. It is not safe for
// concurrent use.
type Decoder struct {
	tables    map[string]cell.Table // by name
	relations map[uint32]relation
	open      *cell.Transaction
}

// relation is a table as the stream describes it.
type relation struct {
	table   cell.Table
	columns []string
	key     []int // the places of the key's columns
	known   bool  // its rows move
}

// NewDecoder returns a decoder for tables whose rows move. What a stream says
// of others is passed over: the fence's changes mark the end of a migration by
// their transaction alone.
func NewDecoder(tables []cell.Table) *Decoder {
	d := &Decoder{tables: map[string]cell.Table{}, relations: map[uint32]relation{}}
	for _, t := range tables {
		if t.Class == cell.ClassTenant {
			d.tables[t.Name] = t
		}
	}
	return d
}

// Decode takes a message. It returns a transaction once that is complete, or a
// part of it.
func (d *Decoder) Decode(data []byte) (*cell.Transaction, error) {
	message, err := pglogrepl.Parse(data)
	if err != nil {
		return nil, fmt.Errorf("decode the stream: %w", err)
	}
	switch m := message.(type) {
	case *pglogrepl.BeginMessage:
		d.open = &cell.Transaction{Commit: cell.Position(m.FinalLSN)}
		return nil, nil
	case *pglogrepl.RelationMessage:
		return nil, d.describe(m)
	case *pglogrepl.TypeMessage, *pglogrepl.OriginMessage:
		return nil, nil
	}
	if d.open == nil {
		return nil, fmt.Errorf("decode the stream: %T outside of a transaction", message)
	}
	switch m := message.(type) {
	case *pglogrepl.CommitMessage:
		done := d.open
		d.open, done.End = nil, cell.Position(m.TransactionEndLSN)
		return done, nil
	case *pglogrepl.InsertMessage:
		err = d.add(m.RelationID, nil, m.Tuple)
	case *pglogrepl.UpdateMessage:
		err = d.add(m.RelationID, m.OldTuple, m.NewTuple)
	case *pglogrepl.DeleteMessage:
		err = d.add(m.RelationID, m.OldTuple, nil)
	case *pglogrepl.TruncateMessage:
		err = errors.New("a table was truncated at the source, for all tenants: begin again")
	}
	return d.part(), err
}

// partSize bounds the changes of a part, and so the memory that a transaction
// of any length takes.
const partSize = 5_000

// part returns the changes so far once there are many.
func (d *Decoder) part() *cell.Transaction {
	if len(d.open.Changes) < partSize {
		return nil
	}
	part := d.open
	d.open = &cell.Transaction{Commit: part.Commit, Offset: part.Offset + len(part.Changes)}
	return part
}

func (d *Decoder) describe(m *pglogrepl.RelationMessage) error {
	table, known := d.tables[m.RelationName]
	r := relation{table: table, known: known}
	places := map[string]int{}
	for i, c := range m.Columns {
		r.columns = append(r.columns, c.Name)
		places[c.Name] = i
	}
	for _, c := range table.Key {
		place, there := places[c.Name]
		if !there {
			return fmt.Errorf("the source's table %s has no column %s", m.RelationName, c.Name)
		}
		r.key = append(r.key, place)
	}
	d.relations[m.RelationID] = r
	return nil
}

func (d *Decoder) add(id uint32, before, after *pglogrepl.TupleData) error {
	r, described := d.relations[id]
	if !described {
		return fmt.Errorf("decode the stream: relation %d was not described", id)
	}
	if !r.known {
		return nil
	}
	change := cell.RowChange{Table: r.table.Name, Columns: r.columns}
	if after != nil {
		change.Row = valuesOf(after)
		if len(change.Row) != len(r.columns) {
			return fmt.Errorf("decode the stream: a row of %s has %d columns of %d", r.table.Name, len(change.Row), len(r.columns))
		}
		change.NewKey = keyOf(r, after)
		change.Key = change.NewKey
	}
	if before != nil {
		change.Key = keyOf(r, before)
	}
	d.open.Changes = append(d.open.Changes, change)
	return nil
}

func keyOf(r relation, tuple *pglogrepl.TupleData) []string {
	key := make([]string, len(r.key))
	for i, place := range r.key {
		key[i] = string(tuple.Columns[place].Data)
	}
	return key
}

func valuesOf(tuple *pglogrepl.TupleData) []cell.Value {
	values := make([]cell.Value, len(tuple.Columns))
	for i, c := range tuple.Columns {
		switch c.DataType {
		case pglogrepl.TupleDataTypeNull:
			values[i].Null = true
		case pglogrepl.TupleDataTypeToast:
			values[i].Unchanged = true
		default:
			values[i].Text = c.Data
		}
	}
	return values
}
