package cell

import "time"

// ImportMode says what an import begins with.
type ImportMode string

// The modes.
const (
	ImportCopy   ImportMode = "copy"   // nothing: the rows are copied first
	ImportFollow ImportMode = "follow" // the rows that the departed tenant left
)

// ImportState says how far an import is.
type ImportState string

// The states of an import; see package transfer.
const (
	ImportCopying    ImportState = "copying"
	ImportCatchingUp ImportState = "catching_up"
	ImportReady      ImportState = "ready"
	ImportFailed     ImportState = "failed"
	ImportClosing    ImportState = "closing"
	ImportActivated  ImportState = "activated"
)

// Import is a tenant that arrives from another cell.
type Import struct {
	Transfer
	Mode           ImportMode
	Epoch          uint64 // under which the tenant will live here
	SourceURL      string
	Ticket         string // secret
	BytesPerSecond int64  // 0: no bound
	Paused         bool
	State          ImportState
	Failure        string // why it failed, or what it tries again

	RowsEstimate, BytesEstimate int64
	Tables                      []ImportTable // that the copy has begun with
	TableCount                  int           // of all that the copy has to do

	Applied        Position // what the source committed before it is stored here
	AppliedChanges int      // and so many changes of the transaction behind it
	SourcePosition Position // how far the source's log was read
	CurrentAt      time.Time

	VerifyNo, VerifiedNo int64 // verifications that were asked for, and done
	VerifyChanged        bool  // the one asked for is of what changed since the one before, if that found both sides equal
	Verified             Verification
	Touching             bool // rows that change are noted, since the last verification

	Files FileProgress
}

// ImportTable is how far the copy of a table is.
type ImportTable struct {
	Name        string
	Rows, Bytes int64
	LastKey     []string // of the last row that is here; nil: none
	Done        bool
}

// Verification is what both sides of an import hold at one position of the
// source.
type Verification struct {
	Position Position            `json:"position"`
	Tables   []TableVerification `json:"tables"`
	Failure  string              `json:"failure,omitempty"` // why there is no outcome
}

// Equal reports whether the two sides hold the same.
func (v Verification) Equal() bool {
	for _, t := range v.Tables {
		if !t.Equal() {
			return false
		}
	}
	return v.Failure == "" && len(v.Tables) > 0
}

// TableVerification is one table of a verification.
type TableVerification struct {
	Source TableDigest `json:"source"`
	Target TableDigest `json:"target"`
}

// Equal reports whether the two sides hold the same rows of the table.
func (t TableVerification) Equal() bool { return t.Source == t.Target }
