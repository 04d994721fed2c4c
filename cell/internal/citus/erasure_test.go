package citus_test

import (
	"testing"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/shared/fault"
)

// The person goes; the log keeps what it says and stays whole.
func TestErasure(t *testing.T) {
	t.Parallel()
	db := open(t)
	a := db.live(t)
	write := func() *cell.Call { return by(a, cell.UsersWrite) }
	zeb, err := db.store.CreateUser(t.Context(), write(), cell.User{ID: newID(), Name: "Zebedee", Email: "zeb@example.org", Role: cell.Member, Status: cell.UserActive}, entry("user.created"))
	must(t, err)
	db.seal(t, signer, a.TenantID)
	before := db.verify(t, a, nil)
	if err := db.store.EraseUser(t.Context(), write(), zeb.ID, cell.Precondition{zeb.Version + 6}, entry("user.erased")); fault.CodeOf(err) != fault.Stale {
		t.Errorf("another version: %v", err)
	}
	must(t, db.store.EraseUser(t.Context(), write(), zeb.ID, cell.Precondition{zeb.Version}, entry("user.erased")))
	if err := db.store.EraseUser(t.Context(), write(), zeb.ID, nil, entry("user.erased")); fault.CodeOf(err) != fault.NotFound {
		t.Errorf("again: %v", err)
	}
	db.seal(t, signer, a.TenantID)
	if r := db.verify(t, a, &before.Last); !r.Intact() || r.Rows != before.Rows+1 {
		t.Errorf("%+v, before %+v", r, before)
	}
}
