package app

import (
	"context"

	"github.com/coditect/platform/cell/internal/citus"
)

// SchemaOptions is what `cell schema up` needs to know.
type SchemaOptions struct {
	OwnerDatabaseURL string // secret; a role that owns the database and may create roles
	AppPassword      string // secret; of the role cell_app
	RelayPassword    string // secret; of the role cell_relay
	MoverPassword    string // secret; of the role cell_mover
}

// Validate says everything that is wrong with the options, and what to do.
func (o *SchemaOptions) Validate() error {
	c := &complaints{}
	c.secret("CELL_OWNER_DATABASE_URL", o.OwnerDatabaseURL, "the postgres:// URL of the database's owner, who may create roles")
	c.secret("CELL_APP_PASSWORD", o.AppPassword, "the password that the role cell_app shall have")
	c.secret("CELL_RELAY_PASSWORD", o.RelayPassword, "the password that the role cell_relay shall have")
	c.secret("CELL_MOVER_PASSWORD", o.MoverPassword, "the password that the role cell_mover shall have")
	return c.err()
}

// SchemaUp makes the database's roles and brings its schema up to date. It
// returns the schema's version.
func SchemaUp(ctx context.Context, opts SchemaOptions) (int64, error) {
	if err := opts.Validate(); err != nil {
		return 0, err
	}
	return citus.ApplySchema(ctx, opts.OwnerDatabaseURL, citus.Passwords{
		App: opts.AppPassword, Relay: opts.RelayPassword, Mover: opts.MoverPassword,
	})
}
