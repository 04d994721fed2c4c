package cell

import "fmt"

// Incarnation tells one history of a database from another one. Whoever restores
// a server to a point in time, or promotes a standby, begins a new one: what the
// database says of its tenants may then be older than what the directory knows.
type Incarnation struct {
	SystemID string // of the server's data, given when they were made
	Timeline int64  // of its log; Postgres begins a new one at the end of every recovery from an archive
}

// String names it for people.
func (i Incarnation) String() string { return fmt.Sprintf("%s/%d", i.SystemID, i.Timeline) }

// DatabaseStanding is which history a database has, and which one the cell was told to
// serve from.
type DatabaseStanding struct{ Found, Trusted Incarnation }

// Good reports that they are the same.
func (s DatabaseStanding) Good() bool { return s.Found == s.Trusted }
