package cell

import (
	"time"

	"github.com/google/uuid"

	"github.com/coditect/platform/shared/tenancy"
)

// Freeze is a stop of a tenant's writes that ends by itself.
type Freeze struct {
	No       uint64
	Position Position // whatever was committed before the freeze was so before this
	Until    time.Time
}

// TableClass says what becomes of a table's rows when a tenant moves. Each
// table declares it in its comment: "tenancy: tenant".
type TableClass string

// The classes.
const (
	ClassTenant TableClass = "tenant" // the tenant's rows: they move
	ClassFence  TableClass = "fence"  // the cell's own record of a tenant: it stays
	ClassNone   TableClass = "none"   // about no tenant: it stays
)

// Table is what a migration must know of a table.
type Table struct {
	Name    string
	Class   TableClass
	Columns []Column // but for generated ones
	Key     []Column // of the primary key, behind tenant_id
	Problem string   // why its rows cannot move, and what to do; "" if they can
}

// Column is a column of a table. Type has no modifiers, such as a length.
type Column struct{ Name, Type string }

// TenantSize estimates what a tenant has.
type TenantSize struct {
	Fence  Fence
	Plan   string
	Tables []TableSize
}

// TableSize is the tenant's share of a table.
type TableSize struct {
	Name        string
	Rows, Bytes int64
}

// TableRows names rows of a table by their keys, each the texts of the columns
// of [Table.Key].
type TableRows struct {
	Table string     `json:"table"`
	Keys  [][]string `json:"keys"`
}

// TableDigest sums up rows of one table. Equal rows have equal digests, whatever
// their order and the database that holds them.
type TableDigest struct {
	Table string `json:"table"`
	Rows  int64  `json:"rows"`
	Sum   string `json:"digest"`
}

// Transfer names a tenant on its way: one migration of one tenant.
type Transfer struct {
	Tenant    tenancy.ID
	Migration uuid.UUID
}
