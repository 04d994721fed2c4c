package citus

import "slices"

// Tables returns every table that the program knows.
func Tables() []string { return slices.Sorted(slices.Values(slices.Concat(fenceTables, tenantTables))) }

// ShareSQL is how the relay reads one queue: of a tenant, a lane, a window.
var ShareSQL = shareSQL
