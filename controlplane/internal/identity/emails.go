package identity

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/shared/cellapi"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/tenancy"
)

// UserSetCells tell who may sign in. The consumer's own interface, since
// use-cases do not know the network.
type UserSetCells interface {
	UserSets(ctx context.Context, cell string, since time.Time, after tenancy.ID, limit int) ([]controlplane.UserSet, error)
	// UserHashes returns a page of a tenant's users behind one of them, and
	// the set as which they are at least.
	UserHashes(ctx context.Context, cell string, tenant tenancy.ID, key []byte, after uuid.UUID, limit int) (controlplane.UserSet, []controlplane.UserHash, error)
}

// AllCells lists the cells. The consumer's own interface, since use-cases do not
// know the database.
type AllCells interface {
	All(ctx context.Context) ([]controlplane.Cell, error)
}

// EmailStore keeps the index. The consumer's own interface, since use-cases do
// not know the database.
type EmailStore interface {
	Behind(ctx context.Context, cell string, sets []controlplane.UserSet) ([]controlplane.UserSet, error)
	Replace(ctx context.Context, set controlplane.UserSet, users []controlplane.UserHash) error
	TenantsOf(ctx context.Context, hash []byte) ([]controlplane.TenantRef, error)
	Prune(ctx context.Context) error
}

const (
	setPage  = 5000
	hashPage = 5000

	// overlap covers what a cell's clock and its slowest transaction may make of
	// the moment of a change.
	overlap = time.Minute

	// wholeInterval is how often all sets are compared, whenever they changed.
	wholeInterval = 5 * time.Minute
)

// Emails is the index from e-mail addresses to the tenants that have a user with
// them. It follows the cells: each tells which tenants' sets of users have
// changed, and a tenant of which an earlier set is known is read whole. So
// nothing that was missed stays missed, a tenant that moved or was restored is
// read again under its new epoch, and the index can be made anew at any time.
// Any number may run.
type Emails struct {
	Cells AllCells
	Sets  UserSetCells
	Store EmailStore
	Key   []byte // secret; see cellapi.EmailKey
	Clock func() time.Time

	mu    sync.Mutex
	since map[string]time.Time // of each cell: all changes before that moment were seen
	whole map[string]time.Time // when all its sets were last compared
}

// TenantsOf returns the tenants that have a user with the address, whatever its
// case, who may sign in.
func (e *Emails) TenantsOf(ctx context.Context, email string) ([]controlplane.TenantRef, error) {
	hash := cellapi.EmailHash(e.Key, email)
	return e.Store.TenantsOf(ctx, hash[:])
}

// RunOnce brings the index up to date. A cell that does not answer keeps only its
// own tenants waiting.
func (e *Emails) RunOnce(ctx context.Context) error {
	cells, err := e.Cells.All(ctx)
	if err != nil {
		return err
	}
	var errs []error
	for i := range cells {
		if err := e.follow(ctx, cells[i].ID); err != nil {
			errs = append(errs, fmt.Errorf("users of cell %s: %w", cells[i].ID, err))
		}
	}
	return errors.Join(errs...)
}

func (e *Emails) follow(ctx context.Context, cell string) error {
	begun := e.Clock()
	since, whole := e.progress(cell, begun)
	newest := since
	var after tenancy.ID
	for {
		sets, err := e.Sets.UserSets(ctx, cell, since, after, setPage)
		if err != nil {
			return err
		}
		behind, err := e.Store.Behind(ctx, cell, sets)
		if err != nil {
			return err
		}
		for _, set := range behind {
			// One that has left meanwhile is read where it lives now.
			if err := e.read(ctx, cell, set.Tenant); err != nil && fault.CodeOf(err) != fault.NotFound {
				return err
			}
		}
		for _, set := range sets {
			if set.ChangedAt.After(newest) {
				newest = set.ChangedAt
			}
		}
		if len(sets) < setPage {
			break
		}
		after = sets[len(sets)-1].Tenant
	}
	e.note(cell, newest.Add(-overlap), begun, whole)
	if !whole {
		return nil
	}
	return e.Store.Prune(ctx)
}

// progress returns the moment from which changes of a cell have to be looked at,
// or none if all sets are due.
func (e *Emails) progress(cell string, now time.Time) (since time.Time, whole bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if last, known := e.whole[cell]; !known || now.Sub(last) >= wholeInterval {
		return time.Time{}, true
	}
	return e.since[cell], false
}

func (e *Emails) note(cell string, since, begun time.Time, whole bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.since == nil {
		e.since, e.whole = map[string]time.Time{}, map[string]time.Time{}
	}
	if since.After(e.since[cell]) {
		e.since[cell] = since
	}
	if whole {
		e.whole[cell] = begun
	}
}

// read takes a tenant's users over. What changes while they are read is read
// again: the set is the one of the first page.
func (e *Emails) read(ctx context.Context, cell string, tenant tenancy.ID) error {
	var set controlplane.UserSet
	var users []controlplane.UserHash
	var after uuid.UUID
	for {
		as, page, err := e.Sets.UserHashes(ctx, cell, tenant, e.Key, after, hashPage)
		if err != nil {
			return err
		}
		if after == uuid.Nil {
			set = as
		}
		users = append(users, page...)
		if len(page) < hashPage {
			return e.Store.Replace(ctx, set, users)
		}
		after = page[len(page)-1].UserID
	}
}
