package app

import (
	"context"
	"errors"
	"time"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/controlplane/internal/billing"
	"github.com/coditect/platform/controlplane/internal/postgres"
	"github.com/coditect/platform/controlplane/internal/stripe"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/pg"
	"github.com/coditect/platform/shared/plans"
)

var errNoStripe = errors.New("no API key: set CONTROLPLANE_STRIPE_KEY")

// BillingPlan returns what has to be changed at Stripe.
func BillingPlan(ctx context.Context, offered *plans.Catalogue, key, url string) ([]billing.Step, error) {
	if key == "" {
		return nil, errNoStripe
	}
	client := stripe.New(stripe.Options{Key: key, URL: url})
	defer client.Close()
	now, err := client.Stock(ctx)
	if err != nil {
		return nil, err
	}
	return billing.Compare(offered, now)
}

// BillingSync makes Stripe equal to what is offered, and returns how many
// changes that took.
func BillingSync(ctx context.Context, offered *plans.Catalogue, key, url string) (int, error) {
	if key == "" {
		return 0, errNoStripe
	}
	client := stripe.New(stripe.Options{Key: key, URL: url})
	defer client.Close()
	return billing.Stocker{Shelf: client, Offered: offered}.Sync(ctx)
}

var errNoDatabase = errors.New("no database: set CONTROLPLANE_DATABASE_URL to a postgres:// URL")

// SchemaUp brings the database's schema up to date and returns its version.
func SchemaUp(ctx context.Context, databaseURL string) (int64, error) {
	if databaseURL == "" {
		return 0, errNoDatabase
	}
	return postgres.ApplySchema(ctx, databaseURL)
}

// HoldDirectory has the directory answer nobody until it was rebuilt from the cells.
func HoldDirectory(ctx context.Context, databaseURL string) error {
	return onDatabase(ctx, databaseURL, func(db *postgres.DB) error { return postgres.RecoveryStore{DB: db}.Hold(ctx) })
}

// onDatabase works on a database of the right schema.
func onDatabase(ctx context.Context, databaseURL string, work func(*postgres.DB) error) error {
	if databaseURL == "" {
		return errNoDatabase
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
	return work(db)
}

// EnsureKey makes an API key with the given secret exist, and reports whether
// anything changed. Name, role and, for the role cell, cell come from key.
func EnsureKey(ctx context.Context, databaseURL string, key controlplane.Key, secret string) (changed bool, err error) {
	if databaseURL == "" {
		return false, errNoDatabase
	}
	if err := key.Check(); err != nil {
		return false, err
	}
	hash, ok := controlplane.HashSecret(secret)
	if !ok {
		return false, fault.New(fault.Invalid, "the secret on standard input must be ctk_ and 43 base64url characters (32 random bytes)")
	}
	err = onDatabase(ctx, databaseURL, func(db *postgres.DB) error {
		changed, err = postgres.KeyStore{DB: db}.Ensure(ctx, key, hash)
		return err
	})
	return changed, err
}
