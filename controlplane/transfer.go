package controlplane

import (
	"slices"
	"strings"
	"time"

	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/tenancy"
)

// TransferInfo is a cell as a party of migrations.
type TransferInfo struct {
	Cell             string          `json:"cell"`
	SchemaVersion    int64           `json:"schema_version"`
	Tables           []TransferTable `json:"tables"`
	Problems         []string        `json:"problems"` // why no tenant can leave or enter
	RebalanceRunning bool            `json:"rebalance_running"`
	ExportsOpen      int             `json:"exports_open"`
	ExportsLimit     int             `json:"exports_limit"`
	ImportsOpen      int             `json:"imports_open"`
	ImportsLimit     int             `json:"imports_limit"`
}

// TransferTable is a table and whether its rows move.
type TransferTable struct {
	Name  string `json:"name"`
	Class string `json:"class"`
}

// CheckTransfer says why no tenant can go from one cell to the other at the
// moment, or nil.
func CheckTransfer(source, target TransferInfo) error {
	for _, cell := range []TransferInfo{source, target} {
		if len(cell.Problems) > 0 {
			return fault.New(fault.Conflict, "the cell %s cannot move tenants: %s", cell.Cell, strings.Join(cell.Problems, "; "))
		}
		if cell.RebalanceRunning {
			return fault.New(fault.Conflict, "the cell %s is moving shards between its workers; try again when its rebalance is over", cell.Cell)
		}
	}
	if source.SchemaVersion != target.SchemaVersion {
		return fault.New(fault.Conflict, "%s has schema %d and %s has %d; bring both to the same first", source.Cell, source.SchemaVersion, target.Cell, target.SchemaVersion)
	}
	if a, b := tableList(source), tableList(target); !slices.Equal(a, b) {
		return fault.New(fault.Conflict, "%s and %s do not have the same tables; bring both to the same schema first", source.Cell, target.Cell)
	}
	return nil
}

func tableList(info TransferInfo) []string {
	names := make([]string, len(info.Tables))
	for i, t := range info.Tables {
		names[i] = t.Name + " " + t.Class
	}
	slices.Sort(names)
	return names
}

// Freeze is a write pause that a cell has begun.
type Freeze struct {
	No       uint64    `json:"freeze_no"`
	Position string    `json:"position"`
	Until    time.Time `json:"frozen_until"`
}

// ImportMode is what an import does with the tenant's rows.
type ImportMode string

// The modes of an import.
const (
	ImportCopy   ImportMode = "copy"   // rows come; the cell will serve them
	ImportFollow ImportMode = "follow" // rows are there, of a departed tenant, and are kept up to date
)

// ImportRequest asks a cell for an import.
type ImportRequest struct {
	Slug           tenancy.Slug
	Plan           string
	Epoch          uint64 // that the tenant will have there
	Source         string // the cell to read from
	BytesPerSecond int64
	Mode           ImportMode
}

// States of an import.
const (
	ImportReady     = "ready"
	ImportPaused    = "paused"
	ImportFailed    = "failed"
	ImportActivated = "activated"
)

// ImportStatus is how an import stands.
type ImportStatus struct {
	State           string `json:"state"`
	Paused          bool   `json:"paused"`
	BytesPerSecond  int64  `json:"bytes_per_second"`
	TablesDone      int    `json:"tables_done"`
	Tables          int    `json:"tables"`
	RowsCopied      int64  `json:"rows_copied"`
	BytesCopied     int64  `json:"bytes_copied"`
	RowsEstimate    int64  `json:"rows_estimate"`
	BytesEstimate   int64  `json:"bytes_estimate"`
	AppliedPosition string `json:"applied_position"`
	LagBytes        int64  `json:"lag_bytes"`
	LagMillis       int64  `json:"lag_ms"`
	Files           int64  `json:"files"`
	FilesHere       int64  `json:"files_here"`
	FileBytes       int64  `json:"file_bytes"`
	FileBytesHere   int64  `json:"file_bytes_here"`
	FilesComplete   bool   `json:"files_complete"` // since the tenant lives there
	Failure         string `json:"failure"`
}

// Drained is what a target had stored when it was drained.
type Drained struct {
	Applied   string `json:"applied_position"`
	Rechecked int64  `json:"rechecked_rows"`
	Equal     bool   `json:"equal"`
}
