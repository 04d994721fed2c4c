package signin

import (
	"context"
	"slices"
	"time"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/shared/fault"
)

// applicationLine is an application of somebody else's that somebody has allowed
// something.
type applicationLine struct {
	ID, Name string
	Since    time.Time
	Scopes   []scopeLine
}

// applications are those that somebody has allowed something.
func (v *visit) applications(a account) ([]applicationLine, error) {
	grants, err := v.server.Flows.GrantsOf(v.ctx(), a.Subject)
	if err != nil {
		return nil, err
	}
	lines := make([]applicationLine, len(grants))
	for i, g := range grants {
		lines[i] = applicationLine{ID: g.Client.ID, Name: g.Client.Name, Since: g.Since, Scopes: scopeLines(g.Scopes)}
	}
	return lines, nil
}

// withdraw takes back what somebody has allowed an application. One that is not
// on somebody's own list is none of theirs, whoever else's it is.
func (s *server) withdraw(v *visit) error {
	client := v.field("application")
	return v.changed(v.change(func(ctx context.Context, _ controlplane.Tenant, a account) error {
		grants, err := s.Flows.GrantsOf(ctx, a.Subject)
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(grants, func(g controlplane.Grant) bool { return g.Client.ID == client }) {
			return fault.New(fault.NotFound, "you have allowed no such application anything")
		}
		return s.Flows.WithdrawGrant(ctx, a.Subject, client)
	}))
}
