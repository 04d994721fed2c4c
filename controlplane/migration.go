package controlplane

import (
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/coditect/platform/shared/directory"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/tenancy"
)

// MigrationPhase is the durable state of a migration. It changes by
// compare-and-set only.
//
//	planned ──▶ copying ──▶ committed ──▶ settling ──▶ cleaning ──▶ completed
//	   │           │      (commit point)   │    ▲ (window over)
//	   │           │                       │    keeping (the return given up)
//	   ▼           ▼                       ▼    │
//	aborting ◀─────┘                    returning ──▶ returned ──▶ clearing ──▶ rolled_back
//	   ▼                                         (commit point)
//	aborted
type MigrationPhase string

// The phases of a migration.
const (
	MigrationPlanned    MigrationPhase = "planned"     // claimed; nothing was done in any cell
	MigrationCopying    MigrationPhase = "copying"     // the target receives the tenant; can be aborted
	MigrationCommitted  MigrationPhase = "committed"   // the directory names the target; only forward
	MigrationSettling   MigrationPhase = "settling"    // live in the target; the source is kept up to date
	MigrationCleaning   MigrationPhase = "cleaning"    // the rollback window is over; the source's rows are removed
	MigrationCompleted  MigrationPhase = "completed"   // the end
	MigrationReturning  MigrationPhase = "returning"   // on the way back; can be given up
	MigrationReturned   MigrationPhase = "returned"    // the directory names the source again; only forward
	MigrationClearing   MigrationPhase = "clearing"    // live in the source; the target's rows are removed
	MigrationRolledBack MigrationPhase = "rolled_back" // the end, in the source
	MigrationKeeping    MigrationPhase = "keeping"     // the return is given up: the tenant stays in the target
	MigrationAborting   MigrationPhase = "aborting"    // the target's import goes first, then the source thaws
	MigrationAborted    MigrationPhase = "aborted"     // the end, as if nothing had been
)

// MigrationPhases lists every phase.
var MigrationPhases = []MigrationPhase{
	MigrationPlanned, MigrationCopying, MigrationCommitted, MigrationSettling, MigrationCleaning, MigrationCompleted,
	MigrationReturning, MigrationReturned, MigrationClearing, MigrationRolledBack, MigrationKeeping, MigrationAborting, MigrationAborted,
}

// migrationMoves is the diagram above; the model in internal/migration/model
// has the same steps, and a test compares them.
var migrationMoves = map[MigrationPhase][]MigrationPhase{
	MigrationPlanned:   {MigrationCopying, MigrationAborting},
	MigrationCopying:   {MigrationCommitted, MigrationAborting},
	MigrationCommitted: {MigrationSettling},
	MigrationSettling:  {MigrationCleaning, MigrationReturning},
	MigrationCleaning:  {MigrationCompleted},
	MigrationReturning: {MigrationReturned, MigrationKeeping},
	MigrationReturned:  {MigrationClearing},
	MigrationClearing:  {MigrationRolledBack},
	MigrationKeeping:   {MigrationCleaning},
	MigrationAborting:  {MigrationAborted},
}

// MayBecome reports whether a migration can go from p to next in one step.
func (p MigrationPhase) MayBecome(next MigrationPhase) bool {
	return slices.Contains(migrationMoves[p], next)
}

// Over reports whether nothing will happen any more.
func (p MigrationPhase) Over() bool { return len(migrationMoves[p]) == 0 }

// MigrationStage is where in its phase a migration is, for people and timings.
type MigrationStage string

// The stages, in the order in which a migration passes them.
const (
	StageWaiting MigrationStage = "waiting" // for its turn or its window
	StagePrepare MigrationStage = "prepare"
	StageCopy    MigrationStage = "copy"
	StageCatchUp MigrationStage = "catch_up"
	StageVerify  MigrationStage = "verify"
	StageReady   MigrationStage = "ready"   // everything but the cutover is done
	StageCutover MigrationStage = "cutover" // freeze to activate: the write pause
	StageWindow  MigrationStage = "window"  // a rollback is possible
	StageReturn  MigrationStage = "return"
	StageUndo    MigrationStage = "undo"
	StageCleanUp MigrationStage = "clean_up"
	StageDone    MigrationStage = "done"
)

// MigrationStages lists every stage in order.
var MigrationStages = []MigrationStage{
	StageWaiting, StagePrepare, StageCopy, StageCatchUp, StageVerify, StageReady, StageCutover, StageWindow, StageReturn, StageUndo, StageCleanUp, StageDone,
}

// Defaults and bounds of a migration's terms.
const (
	DefaultPauseBudget    = time.Second
	LeastPauseBudget      = 100 * time.Millisecond
	MostPauseBudget       = time.Minute
	DefaultRollbackWindow = time.Hour
	MostRollbackWindow    = 7 * 24 * time.Hour
	DefaultMovesAtOnce    = 2
)

// MigrationTerms is what is asked of a migration.
type MigrationTerms struct {
	BytesPerSecond int64         `json:"bytes_per_second"` // of the copy; 0: unbounded
	PauseBudget    time.Duration `json:"pause_budget"`     // the longest freeze
	RollbackWindow time.Duration `json:"rollback_window"`  // 0: none
	NotBefore      time.Time     `json:"not_before,omitzero"`
	NotAfter       time.Time     `json:"not_after,omitzero"` // aborted if not cut over by then
	MovesAtOnce    int           `json:"moves_at_once"`      // of this and others, in either of its cells
	Reason         string        `json:"reason,omitempty"`
}

// Check says which term cannot be, as of now, or nil.
func (t MigrationTerms) Check(now time.Time) error {
	f := fault.New(fault.Invalid, "the migration's terms cannot be met")
	if t.PauseBudget < LeastPauseBudget || t.PauseBudget > MostPauseBudget {
		f = f.At("/pause_budget_ms", "use %d to %d", LeastPauseBudget.Milliseconds(), MostPauseBudget.Milliseconds())
	}
	if t.RollbackWindow < 0 || t.RollbackWindow > MostRollbackWindow {
		f = f.At("/rollback_window_seconds", "use 0 to %d", int(MostRollbackWindow.Seconds()))
	}
	if t.MovesAtOnce < 1 {
		f = f.At("/moves_at_once", "use 1 or more")
	}
	if t.BytesPerSecond < 0 {
		f = f.At("/bytes_per_second", "use 0 (unbounded) or more")
	}
	if !t.NotAfter.IsZero() && (!t.NotAfter.After(now) || !t.NotAfter.After(t.NotBefore)) {
		f = f.At("/not_after", "use a time that is still to come, after not_before")
	}
	if len(f.Violations) > 0 {
		return f
	}
	return nil
}

// Migration is one tenant's move, and its way back if it is rolled back. Token
// fences it: a step is refused to whoever holds an older one.
type Migration struct {
	ID       uuid.UUID
	TenantID tenancy.ID
	Slug     tenancy.Slug
	Source   string
	Target   string
	Epoch    uint64 // the tenant's in the source; the target's is one more
	Phase    MigrationPhase
	Stage    MigrationStage
	Batch    uuid.UUID // of a drain or rebalance; zero if it stands alone
	Terms    MigrationTerms
	Paused   bool
	Actor    string // who asked for it

	FreezeNo    uint64 // the last freeze; written before its seal
	Token       uint64
	LeaseUntil  time.Time
	DueAt       time.Time // not worked on before
	WindowUntil time.Time // rollback possible until; zero before settling
	CreatedAt   time.Time
	UpdatedAt   time.Time
	FinishedAt  time.Time
	Record      MigrationRecord
}

// MigrationRecord is what was learnt on the way.
type MigrationRecord struct {
	Timings   []StageTiming      `json:"timings,omitempty"`
	Size      TenantSize         `json:"size"`
	Progress  MigrationProgress  `json:"progress"`
	Attempts  int                `json:"attempts,omitempty"` // cutovers begun
	Predicted time.Duration      `json:"predicted_pause,omitempty"`
	Pause     time.Duration      `json:"pause,omitempty"`      // measured: freeze sent to activate answered
	FrozenAt  time.Time          `json:"frozen_at,omitzero"`   // of the cutover that was committed
	Committed time.Time          `json:"committed,omitzero"`   //
	Position  string             `json:"position,omitempty"`   // the source's log at the freeze
	Applied   string             `json:"applied,omitempty"`    // what the target had applied at the seal
	Rechecked int64              `json:"rechecked,omitempty"`  // rows that were compared again in the freeze
	Verified  VerificationResult `json:"verified"`             //
	Code      fault.Code         `json:"code,omitempty"`       // why it was aborted, or what stops it
	Failure   string             `json:"failure,omitempty"`    //
	BackPause time.Duration      `json:"back_pause,omitempty"` // of the rollback's cutover
}

// Codes of failures that only migrations have; they are recorded with them.
const (
	Mismatch   fault.Code = "verification_mismatch" // the sides of a verification differ
	WindowOver fault.Code = "window_over"           // not cut over before not_after
	Unwanted   fault.Code = "aborted"               // an operator ended it
)

// StageTiming is when a stage was entered and left.
type StageTiming struct {
	Stage MigrationStage `json:"stage"`
	From  time.Time      `json:"from"`
	Until time.Time      `json:"until,omitzero"`
}

// TenantSize is a cell's estimate of a tenant, and how its fence stands.
type TenantSize struct {
	Rows   int64  `json:"rows"`
	Bytes  int64  `json:"bytes"`
	Tables int    `json:"tables"`
	State  string `json:"-"`
	Epoch  uint64 `json:"-"`
}

// MigrationProgress is how far the target's import is.
type MigrationProgress struct {
	TablesDone  int   `json:"tables_done"`
	Tables      int   `json:"tables"`
	RowsDone    int64 `json:"rows_done"`
	Rows        int64 `json:"rows"`
	BytesDone   int64 `json:"bytes_done"`
	Bytes       int64 `json:"bytes"`
	LagBytes    int64 `json:"lag_bytes"`
	LagMillis   int64 `json:"lag_ms"`
	BytesSecond int64 `json:"bytes_second"` // of late
	FilesDone   int64 `json:"files_done,omitempty"`
	Files       int64 `json:"files,omitempty"` // in object storage
	FileBytes   int64 `json:"file_bytes,omitempty"`
}

// VerificationResult is a comparison of both sides at one log position.
type VerificationResult struct {
	At       time.Time           `json:"at,omitzero"`
	Position string              `json:"position,omitempty"`
	Equal    bool                `json:"equal"`
	Tables   []TableVerification `json:"tables,omitempty"`
}

// TableVerification compares one table.
type TableVerification struct {
	Name         string `json:"name"`
	Rows         int64  `json:"rows"`
	SourceDigest string `json:"source_digest"`
	TargetDigest string `json:"target_digest"`
	Equal        bool   `json:"equal"`
}

// maxTimings bounds what is kept of a migration's stages: the first and the last.
const maxTimings = 100

// Enter notes that the migration is in a stage from now on.
func (m *Migration) Enter(stage MigrationStage, now time.Time) {
	timings := m.Record.Timings
	if n := len(timings); n > 0 && timings[n-1].Until.IsZero() {
		if timings[n-1].Stage == stage {
			return
		}
		timings = slices.Clone(timings)
		timings[n-1].Until = now
	}
	if len(timings) == maxTimings { // a return may be tried for long
		timings = slices.Delete(slices.Clone(timings), maxTimings/2, maxTimings/2+1)
	}
	m.Stage = stage
	m.Record.Timings = append(timings, StageTiming{Stage: stage, From: now})
	if stage == StageDone {
		m.Record.Timings[len(m.Record.Timings)-1].Until = now
	}
}

// CheckMigration says why the tenant may not leave its cell for the target as
// of now, or nil. What the cells themselves know is not looked at.
func (t Tenant) CheckMigration(target Cell, now time.Time) error {
	switch {
	case t.State != directory.Active && t.State != directory.Suspended:
		return fault.New(fault.Conflict, "the tenant is %s; only active and suspended tenants can be moved", t.State)
	case t.Cell == target.ID:
		return fault.New(fault.Invalid, "the tenant lives in %s already", target.ID).At("/target", "choose another cell")
	case t.Residency != "" && target.Region != t.Residency:
		return fault.New(fault.Conflict, "the tenant must stay in %s and %s is in %s", t.Residency, target.ID, target.Region).At("/target", "choose a cell in %s", t.Residency)
	case target.State != directory.CellActive:
		return fault.New(fault.Conflict, "the cell %s is %s and receives no tenants", target.ID, target.State).At("/target", "choose an active cell, or make this one active")
	case !target.Healthy(now):
		return fault.New(fault.Conflict, "the cell %s is silent: its last heartbeat is older than %s", target.ID, SilentAfter).At("/target", "choose another cell, or see why it is silent")
	case target.AtLimit():
		return fault.New(fault.Conflict, "the cell %s is at its limit (%.0f of %.0f requests/s)", target.ID, target.Heartbeat.RequestsPerSecond, target.Measured.RequestsPerSecond).
			At("/target", "choose another cell, or try again when this one has less to do")
	case target.Full():
		return fault.New(fault.Conflict, "the cell %s is full (%d of %d tenants)", target.ID, target.Tenants(), target.CapacityTenants).At("/target", "choose another cell, or raise its capacity")
	}
	return nil
}

// MigrationFilter selects migrations; an empty field selects all.
type MigrationFilter struct {
	Phase  MigrationPhase
	Tenant *tenancy.ID
	Cell   string // source or target
	Batch  *uuid.UUID
	Open   bool // only those that are not over
}
