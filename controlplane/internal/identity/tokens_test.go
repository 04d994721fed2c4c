package identity_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/controlplane/internal/identity"
	"github.com/coditect/platform/shared/authn"
	"github.com/coditect/platform/shared/directory"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/tenancy"
)

var (
	acme   = tenancy.NewID()
	signed = time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)
)

// place is where everything is known of everybody.
type place struct {
	standing controlplane.UserStanding
	errs     []error // of the next questions to the cell
	cells    []string
	session  uuid.UUID // that the cell was asked about
	epoch    uint64
	machine  controlplane.Machine
}

func (p *place) Get(_ context.Context, id tenancy.ID) (controlplane.Tenant, error) {
	if id != acme {
		return controlplane.Tenant{}, fault.New(fault.NotFound, "no such tenant")
	}
	p.epoch++ // it moves each time
	return controlplane.Tenant{Assignment: directory.Assignment{TenantID: id, Cell: fmt.Sprint("cell-", p.epoch), Epoch: p.epoch}}, nil
}

func (p *place) Standing(_ context.Context, cell string, _ tenancy.ID, _ uint64, _, session uuid.UUID) (controlplane.UserStanding, error) {
	p.cells = append(p.cells, cell)
	p.session = session
	if len(p.errs) > 0 {
		err := p.errs[0]
		p.errs = p.errs[1:]
		return controlplane.UserStanding{}, err
	}
	return p.standing, nil
}

func (p *place) Machine(context.Context, string) (controlplane.Machine, error) { return p.machine, nil }

func TestWhatTokensCarry(t *testing.T) {
	t.Parallel()
	ann, user := uuid.New(), controlplane.SubjectOfUser(uuid.New())
	active := controlplane.UserStanding{Active: true, Roles: []string{"admin"}}
	moved, gone := fault.New(fault.TenantMoved, "elsewhere"), fault.New(fault.NotFound, "no such user")
	for name, c := range map[string]struct {
		place   place
		account controlplane.OperatorAccount
		request controlplane.TokenRequest
		want    map[string]any
		code    fault.Code
	}{
		"a user":             {place{standing: active}, controlplane.OperatorAccount{}, controlplane.TokenRequest{Subject: user, TenantID: acme}, map[string]any{"tenant_id": acme, "roles": []string{"admin"}}, ""},
		"without roles":      {place{standing: controlplane.UserStanding{Active: true}}, controlplane.OperatorAccount{}, controlplane.TokenRequest{Subject: user, TenantID: acme}, map[string]any{"tenant_id": acme, "roles": []string{}}, ""},
		"of a moving tenant": {place{standing: active, errs: []error{moved}}, controlplane.OperatorAccount{}, controlplane.TokenRequest{Subject: user, TenantID: acme}, map[string]any{"tenant_id": acme, "roles": []string{"admin"}}, ""},
		"moving on and on":   {place{errs: []error{moved, moved}}, controlplane.OperatorAccount{}, controlplane.TokenRequest{Subject: user, TenantID: acme}, nil, fault.TenantMoved},
		"not active":         {place{}, controlplane.OperatorAccount{}, controlplane.TokenRequest{Subject: user, TenantID: acme}, nil, fault.Forbidden},
		"who is gone":        {place{errs: []error{gone}}, controlplane.OperatorAccount{}, controlplane.TokenRequest{Subject: user, TenantID: acme}, nil, fault.Forbidden},
		"of a tenant gone":   {place{standing: active}, controlplane.OperatorAccount{}, controlplane.TokenRequest{Subject: user, TenantID: tenancy.NewID()}, nil, fault.Forbidden},
		"of no tenant":       {place{standing: active}, controlplane.OperatorAccount{}, controlplane.TokenRequest{Subject: user}, nil, fault.Forbidden},
		"nobody":             {place{standing: active}, controlplane.OperatorAccount{}, controlplane.TokenRequest{Subject: "ann", TenantID: acme}, nil, fault.Forbidden},
		"a cell that is away": {
			place{errs: []error{fault.New(fault.Unavailable, "away")}},
			controlplane.OperatorAccount{},
			controlplane.TokenRequest{Subject: user, TenantID: acme},
			nil, fault.Unavailable,
		},
		"a session that was ended": {
			place{standing: controlplane.UserStanding{Active: true, SessionsRevokedAt: signed}},
			controlplane.OperatorAccount{},
			controlplane.TokenRequest{Subject: user, TenantID: acme, AuthenticatedAt: signed},
			nil, fault.Forbidden,
		},
		"a session begun since": {
			place{standing: controlplane.UserStanding{Active: true, SessionsRevokedAt: signed}},
			controlplane.OperatorAccount{},
			controlplane.TokenRequest{Subject: user, TenantID: acme, AuthenticatedAt: signed.Add(time.Millisecond)},
			map[string]any{"tenant_id": acme, "roles": []string{}},
			"",
		},
		// Hydra keeps the second of a login that it remembers.
		"a session begun in the second in which all were ended": {
			place{standing: controlplane.UserStanding{Active: true, SessionsRevokedAt: signed.Add(time.Millisecond)}},
			controlplane.OperatorAccount{},
			controlplane.TokenRequest{Subject: user, TenantID: acme, AuthenticatedAt: signed, Session: uuid.New()},
			map[string]any{"tenant_id": acme, "roles": []string{}},
			"",
		},
		"a session begun before the second in which all were ended": {
			place{standing: controlplane.UserStanding{Active: true, SessionsRevokedAt: signed.Add(time.Millisecond)}},
			controlplane.OperatorAccount{},
			controlplane.TokenRequest{Subject: user, TenantID: acme, AuthenticatedAt: signed.Add(-time.Second), Session: uuid.New()},
			nil, fault.Forbidden,
		},
		"a session that was revoked": {
			place{standing: controlplane.UserStanding{Active: true, Session: controlplane.SessionRevoked}},
			controlplane.OperatorAccount{},
			controlplane.TokenRequest{Subject: user, TenantID: acme, Session: uuid.New(), Offline: true},
			nil, fault.Forbidden,
		},
		"who has signed out": {
			place{standing: controlplane.UserStanding{Active: true, Session: controlplane.SessionSignedOut}},
			controlplane.OperatorAccount{},
			controlplane.TokenRequest{Subject: user, TenantID: acme, Session: uuid.New()},
			nil, fault.Forbidden,
		},
		"who has signed out, and allowed it": {
			place{standing: controlplane.UserStanding{Active: true, Session: controlplane.SessionSignedOut}},
			controlplane.OperatorAccount{},
			controlplane.TokenRequest{Subject: user, TenantID: acme, Session: uuid.New(), Offline: true},
			map[string]any{"tenant_id": acme, "roles": []string{}},
			"",
		},
		"an operator":        {place{}, controlplane.OperatorAccount{ID: ann, Role: controlplane.RoleBilling}, controlplane.TokenRequest{Subject: controlplane.SubjectOfOperator(ann)}, map[string]any{"role": "billing"}, ""},
		"a disabled one":     {place{}, controlplane.OperatorAccount{ID: ann, DisabledAt: signed}, controlplane.TokenRequest{Subject: controlplane.SubjectOfOperator(ann)}, nil, fault.Forbidden},
		"one who was reset":  {place{}, controlplane.OperatorAccount{ID: ann, RevokedAt: signed}, controlplane.TokenRequest{Subject: controlplane.SubjectOfOperator(ann), AuthenticatedAt: signed}, nil, fault.Forbidden},
		"one who is gone":    {place{}, controlplane.OperatorAccount{}, controlplane.TokenRequest{Subject: controlplane.SubjectOfOperator(ann)}, nil, fault.Forbidden},
		"a tenant's machine": {place{machine: controlplane.Machine{TenantID: acme, Roles: []string{"viewer"}}}, controlplane.OperatorAccount{}, controlplane.TokenRequest{Client: "robot", Machine: true}, map[string]any{"tenant_id": acme, "roles": []string{"viewer"}}, ""},
		"an operators' one":  {place{machine: controlplane.Machine{Operator: controlplane.RoleViewer}}, controlplane.OperatorAccount{}, controlplane.TokenRequest{Client: "robot", Machine: true}, map[string]any{"role": "viewer"}, ""},
		"a machine of none":  {place{}, controlplane.OperatorAccount{}, controlplane.TokenRequest{Client: "robot", Machine: true}, map[string]any{}, ""},
	} {
		tokens := identity.Tokens{Standings: &c.place, Tenants: &c.place, People: &book{account: c.account}, Machines: &c.place}
		got, err := tokens.Claims(t.Context(), c.request)
		if fault.CodeOf(err) != c.code || fmt.Sprint(got) != fmt.Sprint(c.want) {
			t.Errorf("%s: %v, %v", name, got, err)
		}
		if len(c.place.cells) > 0 && c.place.session != c.request.Session {
			t.Errorf("%s: asked about session %s", name, c.place.session)
		}
	}
}

// known verifies tokens by a table.
type known map[string]*authn.Identity

func (k known) Verify(_ context.Context, token string) (*authn.Identity, error) {
	if who, ok := k[token]; ok {
		return who, nil
	}
	return nil, fault.New(fault.Unauthenticated, "the token's signature does not match")
}

func TestCallersByAccessToken(t *testing.T) {
	t.Parallel()
	ann := controlplane.OperatorAccount{ID: uuid.New(), Email: "ann@example.org", Role: controlplane.RoleOperator}
	operate := []string{"openid", controlplane.OperatorScope}
	now, people := signed, &book{account: ann}
	callers := &identity.Callers{
		Keys: identity.New(&counting{}, time.Now), People: people, Clock: func() time.Time { return now },
		Verifier: known{
			"a.n.n":     {Subject: ann.Subject(), Client: "cellctl", Role: "admin", Scopes: operate, Expires: signed},
			"no.sc.ope": {Subject: ann.Subject(), Client: "cellctl", Role: "admin", Scopes: []string{"openid"}},
			"r.o.bot":   {Subject: "robot", Client: "robot", Role: "billing", Scopes: operate},
			"u.se.r":    {Subject: uuid.NewString(), Client: "console", Role: "admin", Scopes: operate},
			"c.el.l":    {Subject: "robot", Client: "robot", Role: "cell", Scopes: operate},
			"go.n.e":    {Subject: controlplane.SubjectOfOperator(uuid.New()), Client: "cellctl", Scopes: operate},
		},
	}
	for credential, c := range map[string]struct {
		name string
		role controlplane.Role
		code fault.Code
	}{
		"a.n.n":                  {"ann@example.org", controlplane.RoleOperator, ""}, // what the account has, not what the token says
		"r.o.bot":                {"client:robot", controlplane.RoleBilling, ""},
		"no.sc.ope":              {"", "", fault.Forbidden},
		"u.se.r":                 {"", "", fault.Forbidden},
		"c.el.l":                 {"", "", fault.Forbidden},
		"go.n.e":                 {"", "", fault.Unauthenticated},
		"f.or.ged":               {"", "", fault.Unauthenticated},
		controlplane.NewSecret(): {"", "", fault.Unauthenticated},
		"":                       {"", "", fault.Unauthenticated},
	} {
		key, err := callers.Authenticate(t.Context(), credential)
		if fault.CodeOf(err) != c.code || err == nil && (key.Name != c.name || key.Role != c.role) {
			t.Errorf("%q: %+v, %v", credential, key, err)
		}
	}
	people.account.DisabledAt = signed
	if _, err := callers.Authenticate(t.Context(), "a.n.n"); err != nil {
		t.Errorf("within the seconds of trust: %v", err)
	}
	now = now.Add(6 * time.Second)
	if _, err := callers.Authenticate(t.Context(), "a.n.n"); fault.CodeOf(err) != fault.Unauthenticated {
		t.Errorf("disabled: %v", err)
	}
	if _, err := (&identity.Callers{Keys: callers.Keys}).Authenticate(t.Context(), "a.n.n"); fault.CodeOf(err) != fault.Unauthenticated {
		t.Errorf("an installation without tokens: %v", err)
	}
}
