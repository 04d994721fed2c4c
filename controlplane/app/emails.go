package app

import (
	"context"
	"time"

	"github.com/coditect/platform/controlplane/internal/cellclient"
	"github.com/coditect/platform/controlplane/internal/identity"
	"github.com/coditect/platform/controlplane/internal/postgres"
	"github.com/coditect/platform/shared/cellapi"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/pg"
)

// emailInterval is how long the index of e-mail addresses may be behind the
// cells when all is well, about.
const emailInterval = 500 * time.Millisecond

func newEmails(opts Options, db *postgres.DB, client *cellclient.Client) *identity.Emails {
	return &identity.Emails{
		Cells: postgres.CellStore{DB: db}, Sets: client, Store: postgres.EmailStore{DB: db}, Key: cellapi.EmailKey(opts.ControlKey), Clock: opts.Clock,
	}
}

// RebuildEmails makes the index of e-mail addresses anew from all cells, while
// what is known stays in use.
func RebuildEmails(ctx context.Context, databaseURL string, controlKey []byte) error {
	if databaseURL == "" {
		return errNoDatabase
	}
	if len(controlKey) != ControlKeyBytes {
		return fault.New(fault.Invalid, "set CONTROLPLANE_CONTROL_KEY to %d bytes in hex", ControlKeyBytes)
	}
	pool, err := pg.Open(ctx, databaseURL, pg.PoolOptions{MaxConns: 4})
	if err != nil {
		return err
	}
	defer pool.Close()
	db := postgres.New(pool, time.Now)
	if err := db.CheckSchema(ctx); err != nil {
		return err
	}
	client := cellclient.New(postgres.CellStore{DB: db}, controlKey, time.Now)
	defer client.Close()
	if err := (postgres.EmailStore{DB: db}).ForgetHeads(ctx); err != nil {
		return err
	}
	return newEmails(Options{ControlKey: controlKey, Clock: time.Now}, db, client).RunOnce(ctx)
}
