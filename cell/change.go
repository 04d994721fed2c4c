package cell

// Transaction is what one transaction of the source did to a tenant's rows, or
// a part of it.
type Transaction struct {
	Commit  Position // where its commit stands
	End     Position // behind it: the next one's commit is not before; zero: more parts follow
	Offset  int      // changes in parts before
	Changes []RowChange
}

// RowChange is one row's fate in a transaction.
type RowChange struct {
	Table   string
	Columns []string // names of the row's columns, as in Row
	Key     []string // before the change; of a new row its own
	NewKey  []string // after it; nil: the row is gone
	Row     []Value  // nil: the row is gone
}

// Value is a column's value as text.
type Value struct {
	Text      []byte
	Null      bool
	Unchanged bool // the log leaves it out: what the row had before still holds
}

// Batch is what a run of transactions of the source did, coalesced by key.
type Batch struct {
	Applied        Position // afterwards
	AppliedChanges int
	SourcePosition Position
	Current        bool // nothing more of the source is known
	Tables         []TableBatch
	Touching       bool  // note the rows
	Since          int64 // the verification since which they changed
}

// TableBatch is what became of some rows of a table: each is removed, and put
// back unless it is gone.
type TableBatch struct {
	Table   Table
	Columns []string
	Keys    [][]string // of every row that was touched, before and after
	Rows    []NewRow
}

// NewRow is a row as it is afterwards. From is the key under which it was before,
// where its unchanged values are.
type NewRow struct {
	From   []string
	Values []Value
}

// ChangeSink takes what a slot carries, in order. It is an interface because
// nouns do not know the network.
type ChangeSink interface {
	// Message is one message of the log. It is valid only during the call.
	Message(data []byte) error
	// Reached says that everything committed before the position was handed over.
	Reached(position Position) error
	// Flush is called when nothing more is at hand.
	Flush() error
}
