package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/coditect/platform/controlplane/internal/hydra"
	"github.com/coditect/platform/controlplane/internal/identity"
	"github.com/coditect/platform/controlplane/internal/postgres"
	"github.com/coditect/platform/shared/pg"
)

var errControlKey = fmt.Errorf("no control key: set CONTROLPLANE_CONTROL_KEY to the %d bytes in hex that the control plane has", ControlKeyBytes)

var errNoHydra = errors.New("no authorization server: give --hydra-admin-url")

// ClientsPlan returns what has to be changed for the authorization server's
// clients to be those of the files in dir. Variables come from lookup.
func ClientsPlan(ctx context.Context, dir fs.FS, lookup func(string) (string, bool), adminURL string) ([]hydra.ClientStep, error) {
	want, client, err := clients(dir, lookup, adminURL)
	if err != nil {
		return nil, err
	}
	defer client.Close()
	return client.PlanClients(ctx, want)
}

// ClientsSync makes them so, and returns how many changes that took.
func ClientsSync(ctx context.Context, dir fs.FS, lookup func(string) (string, bool), adminURL string) (int, error) {
	want, client, err := clients(dir, lookup, adminURL)
	if err != nil {
		return 0, err
	}
	defer client.Close()
	return client.SyncClients(ctx, want)
}

func clients(dir fs.FS, lookup func(string) (string, bool), adminURL string) (hydra.ClientSet, *hydra.Client, error) {
	if adminURL == "" {
		return nil, nil, errNoHydra
	}
	want, err := hydra.ReadClients(dir, lookup)
	if err != nil {
		return nil, nil, err
	}
	return want, hydra.New(adminURL), nil
}

// RotateKeys makes the authorization server sign with new keys; it takes as long
// as both phases do, and tells of each.
func RotateKeys(ctx context.Context, adminURL string, announce, retire time.Duration, phase func(string)) error {
	if adminURL == "" {
		return errNoHydra
	}
	client := hydra.New(adminURL)
	defer client.Close()
	return client.RotateKeys(ctx, hydra.Rotation{Announce: announce, Retire: retire, Wait: wait, Phase: phase})
}

// Operators is the accounts of the people who operate the platform.
type Operators = identity.Operators

// WithOperators gives f the operators' accounts in a database.
func WithOperators(ctx context.Context, databaseURL string, controlKey []byte, f func(*Operators) error) error {
	switch {
	case databaseURL == "":
		return errNoDatabase
	case len(controlKey) != ControlKeyBytes:
		return errControlKey
	}
	pool, err := pg.Open(ctx, databaseURL, pg.PoolOptions{MaxConns: 1})
	if err != nil {
		return err
	}
	defer pool.Close()
	db := postgres.New(pool, time.Now)
	if err := db.CheckSchema(ctx); err != nil {
		return err
	}
	operators, err := newOperators(controlKey, db, time.Now)
	if err != nil {
		return err
	}
	return f(operators)
}
