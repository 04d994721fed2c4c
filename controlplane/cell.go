package controlplane

import (
	"time"

	"github.com/coditect/platform/shared/directory"
	"github.com/coditect/platform/shared/fault"
)

// SilentAfter is how long after its last heartbeat a cell counts as silent:
// three heartbeats missed.
const SilentAfter = 15 * time.Second

// Cell is a cell and what the control plane knows of its load.
type Cell struct {
	ID string
	CellRegistration
	State   directory.CellState
	Version uint64 // of the directory, when what routers know of the cell last changed

	Measured        Measurement // zero if the cell was never measured
	AssignedTenants int         // tenants that the directory has placed there, deleted ones not counted
	Bereft          bool        // tenants were brought from its backup into other cells, and it was not asked
	RegisteredAt    time.Time
	Heartbeat       Heartbeat // zero if none was ever received
}

// Measurement is what a load test found a cell to carry.
type Measurement struct {
	RequestsPerSecond float64 // the highest rate that met every objective
	At                time.Time
}

// CellRegistration is what a cell says of itself once.
type CellRegistration struct {
	Region           string
	Tier             string
	Endpoint         string // base URL for routers
	InternalEndpoint string // base URL for the control plane
	CapacityTenants  int
}

// Heartbeat is what a cell says of itself every few seconds.
type Heartbeat struct {
	At                time.Time // when the control plane received it
	Tenants           int
	CapacityTenants   int
	CPU               float64 // busy share of its processors, 0..1
	RequestsPerSecond float64
	QueueDepth        int64
	Reconciling       bool // its database was restored, and it serves nobody
}

// cellMoves lists the state changes that an operator may ask for. A
// provisioning cell becomes active by its first heartbeat, or cordoned where new
// cells begin so, and by nothing else.
//
//	provisioning ──▶ active ⇄ cordoned ⇄ draining ⇄ active
//	      │                     │           │
//	      └─────────────────────┴───────────┴──▶ retired (only when empty, for ever)
var cellMoves = map[directory.CellState][]directory.CellState{
	directory.CellProvisioning: {directory.CellRetired},
	directory.CellActive:       {directory.CellCordoned, directory.CellDraining},
	directory.CellCordoned:     {directory.CellActive, directory.CellDraining, directory.CellRetired},
	directory.CellDraining:     {directory.CellActive, directory.CellCordoned, directory.CellRetired},
}

// Entry is what routers know of the cell.
func (c *Cell) Entry() directory.Cell {
	return directory.Cell{ID: c.ID, Region: c.Region, Endpoint: c.Endpoint, State: c.State, Version: c.Version}
}

// CheckMove says why the cell may not change to the given state now, or nil.
func (c *Cell) CheckMove(to directory.CellState) error {
	for _, allowed := range cellMoves[c.State] {
		if allowed != to {
			continue
		}
		if to == directory.CellRetired && c.AssignedTenants > 0 {
			return fault.New(fault.Conflict, "the cell still has %d tenants; only an empty cell can be retired", c.AssignedTenants)
		}
		return nil
	}
	return fault.New(fault.Conflict, "a cell cannot change from %s to %s", c.State, to)
}

// CheckRegistration says why the cell may not be registered anew as r, or nil.
func (c *Cell) CheckRegistration(r CellRegistration) error {
	switch {
	case c.State == directory.CellRetired:
		return fault.New(fault.Conflict, "the cell is retired; register it under another id")
	case c.AssignedTenants > 0 && (r.Region != c.Region || r.Tier != c.Tier):
		return fault.New(fault.Conflict, "the cell has %d tenants; its region and tier cannot change", c.AssignedTenants)
	}
	return nil
}
