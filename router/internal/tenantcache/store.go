package tenantcache

import (
	"github.com/coditect/platform/shared/directory"
	"github.com/coditect/platform/shared/tenancy"
)

// store holds tenants and the keys that lead to them. There are two: [table]
// keeps every tenant in little memory, [bounded] keeps those in use.
//
// Both hold to this: a tenant is known under all its keys or under none; a key
// that changed hands leads to the newer tenant.
type store interface {
	// get returns the tenant that k leads to. Hash is hashOf(k). It allocates
	// nothing.
	get(k directory.Key, hash uint64) (Entry, bool)
	// update shows decide, one by one, what is known of the offered tenants,
	// and keeps what it returns. No other writer of the tenant comes between. A
	// mark other than 0 is put on those that are known afterwards.
	update(offered []directory.Assignment, mark uint8, decide decision)
	// prune drops those that are not newer than version and not kept.
	prune(version uint64, keep func(id tenancy.ID, mark uint8) bool)
	// each shows every tenant, some at a time, while no lock is held. The slice
	// is valid during the call.
	each(fn func([]Entry) error) error
	// size returns the number of tenants and the bytes they take, as reckoned.
	size() (tenants int, bytes int64)
}

// decision returns what shall be known of a tenant after offered was said of
// it, nil: what was known before. Known is meaningless without ok.
type decision func(offered *directory.Assignment, known Entry, ok bool) *directory.Assignment
