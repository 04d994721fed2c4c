package identity

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/tenancy"
)

// Standings asks a tenant's cell how one of its users stands, and how a session of
// the user ended, if one is named. An interface since the cell is another edge's.
type Standings interface {
	Standing(ctx context.Context, cell string, tenant tenancy.ID, epoch uint64, user, session uuid.UUID) (controlplane.UserStanding, error)
}

// Tenants says where a tenant lives.
type Tenants interface {
	Get(ctx context.Context, id tenancy.ID) (controlplane.Tenant, error)
}

// People says how an operator stands.
type People interface {
	ByID(ctx context.Context, id uuid.UUID) (controlplane.OperatorAccount, error)
}

// Machines says what a client may do that asks for a token for itself.
type Machines interface {
	Machine(ctx context.Context, client string) (controlplane.Machine, error)
}

// Tokens says what access tokens carry. It is asked for each that is made or
// refreshed, so a token is never older news than its own age.
type Tokens struct {
	Standings Standings
	Tenants   Tenants
	People    People
	Machines  Machines
}

// Claims returns the claims that a token gets beside those it has. A fault
// (forbidden) means that there must be no token: its user is not active any
// more, has ended the session, or is gone.
func (t Tokens) Claims(ctx context.Context, r controlplane.TokenRequest) (map[string]any, error) {
	if r.Machine {
		return t.machine(ctx, r.Client)
	}
	if id, ok := controlplane.OperatorOf(r.Subject); ok {
		return t.operator(ctx, id, r.AuthenticatedAt)
	}
	return t.user(ctx, r)
}

func (t Tokens) machine(ctx context.Context, client string) (map[string]any, error) {
	m, err := t.Machines.Machine(ctx, client)
	if err != nil {
		return nil, refusedIfGone(err)
	}
	claims := map[string]any{}
	if !m.TenantID.IsZero() {
		claims[controlplane.ClaimTenantID], claims[controlplane.ClaimRoles] = m.TenantID, orEmpty(m.Roles)
	}
	if m.Operator != "" {
		claims[controlplane.ClaimRole] = m.Operator
	}
	return claims, nil
}

func (t Tokens) operator(ctx context.Context, id uuid.UUID, since time.Time) (map[string]any, error) {
	a, err := t.People.ByID(ctx, id)
	switch {
	case err != nil:
		return nil, refusedIfGone(err)
	case !a.DisabledAt.IsZero():
		return nil, fault.New(fault.Forbidden, "the operator's account is disabled")
	case endedBy(a.RevokedAt, since):
		return nil, errSignInAgain
	}
	return map[string]any{controlplane.ClaimRole: a.Role}, nil
}

func (t Tokens) user(ctx context.Context, r controlplane.TokenRequest) (map[string]any, error) {
	if r.TenantID.IsZero() {
		return nil, fault.New(fault.Forbidden, "the session belongs to no tenant")
	}
	s, err := t.standing(ctx, r)
	switch {
	case err != nil:
		return nil, refusedIfGone(err)
	case !s.Active:
		return nil, fault.New(fault.Forbidden, "the user is not active")
	case endedBy(s.SessionsRevokedAt, begun(r)), s.Session == controlplane.SessionRevoked, s.Session == controlplane.SessionSignedOut && !r.Offline:
		return nil, errSignInAgain
	}
	return map[string]any{controlplane.ClaimTenantID: r.TenantID, controlplane.ClaimRoles: orEmpty(s.Roles)}, nil
}

// standing asks again, once, when the tenant has changed cell since it was looked up.
func (t Tokens) standing(ctx context.Context, r controlplane.TokenRequest) (controlplane.UserStanding, error) {
	user, err := uuid.Parse(r.Subject)
	if err != nil {
		return controlplane.UserStanding{}, fault.Wrap(err, fault.Forbidden, "the session is nobody's")
	}
	for tries := 0; ; tries++ {
		tenant, err := t.Tenants.Get(ctx, r.TenantID)
		if err != nil {
			return controlplane.UserStanding{}, err
		}
		s, err := t.Standings.Standing(ctx, tenant.Cell, r.TenantID, tenant.Epoch, user, r.Session)
		if fault.CodeOf(err) != fault.TenantMoved || tries > 0 {
			return s, err
		}
	}
}

var errSignInAgain = fault.New(fault.Forbidden, "the session was ended; sign in again")

// endedBy reports whether a revocation ends what began at since. A beginning
// that is not known, or that is known to the second only and is the second of
// the revocation, is taken to be before it.
func endedBy(revoked, since time.Time) bool { return !revoked.IsZero() && !since.After(revoked) }

// begun is when the session that a token is for began. Of one that is known to the
// second only its cell knows whether it was ended in that second.
func begun(r controlplane.TokenRequest) time.Time {
	if at := r.AuthenticatedAt; r.Session == uuid.Nil || at.Nanosecond() > 0 {
		return at
	}
	return r.AuthenticatedAt.Add(time.Second - 1)
}

// refusedIfGone tells what is not there, which ends a session, from what cannot
// be asked at the moment, after which the client may try again.
func refusedIfGone(err error) error {
	switch fault.CodeOf(err) {
	case fault.NotFound, fault.UnknownTenant, fault.Gone:
		return fault.Wrap(err, fault.Forbidden, "whom the token is for is not there any more")
	}
	return err
}

// orEmpty writes no roles as an empty list: what the claim must be to be read.
func orEmpty(roles []string) []string {
	if roles == nil {
		return []string{}
	}
	return roles
}
