package citus

import (
	"context"

	"github.com/google/uuid"

	"github.com/coditect/platform/cell"
)

// Rememberer remembers answers about tenants and hears of every write that may
// change them. It is an interface because edges do not know each other.
type Rememberer interface {
	Before(ctx context.Context, m cell.Mutation) // the write is about to commit
	After(ctx context.Context, m cell.Mutation)  // it is over; it may have committed
}

// Announce makes the store tell r of its writes. It is called before the
// store's first use.
func (s *Store) Announce(r Rememberer) { s.remembers = r }

// scope says which remembered answers a write may make wrong. The zero value
// is the safe one.
type scope int

const (
	changesAll    scope = iota // answers, and who may do what
	changesData                // no user, key or role
	changesUnseen              // nothing that a remembered answer shows
)

// announcement is what of a write has to be told.
type announcement struct {
	to       Rememberer // nil: nobody
	mutation cell.Mutation
}

func (s *Store) announcementOf(w *work) announcement {
	if s.remembers == nil || w.changes == changesUnseen {
		return announcement{}
	}
	// Random and not ordered in time: it tells writers apart and nothing else.
	return announcement{s.remembers, cell.Mutation{ID: uuid.New(), Tenant: w.call.Tenant, Rights: w.changes == changesAll}}
}

func (a announcement) before(ctx context.Context) {
	if a.to != nil {
		a.to.Before(ctx, a.mutation)
	}
}

func (a announcement) after(ctx context.Context) {
	if a.to != nil {
		a.to.After(ctx, a.mutation)
	}
}
