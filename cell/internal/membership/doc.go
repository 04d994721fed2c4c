// Package membership keeps the cell known to the control plane: it registers
// the cell and reports its load. The cell serves on without it; a cell that is
// not heard of merely receives no new tenants.
package membership
