package identity

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/shared/authn"
	"github.com/coditect/platform/shared/fault"
)

// Verifier checks access tokens of operators. An interface since keys come from
// the authorization server, which tests of the rules do not need.
type Verifier interface {
	Verify(ctx context.Context, token string) (*authn.Identity, error)
}

// Callers says who calls the control plane: with an API key, or with an access
// token of its own audience.
type Callers struct {
	Keys     *Service
	Verifier Verifier // nil: there are no access tokens
	People   People
	Clock    func() time.Time

	mu    sync.Mutex
	known map[uuid.UUID]knownOperator
}

// knownOperator is an account that was read a moment ago; see trustedFor.
type knownOperator struct {
	account controlplane.OperatorAccount
	until   time.Time
}

// Authenticate returns whom a credential belongs to, or a fault
// (unauthenticated, or forbidden: a token that is not for this).
func (c *Callers) Authenticate(ctx context.Context, credential string) (controlplane.Key, error) {
	if c.Verifier == nil || strings.HasPrefix(credential, "ctk_") || !strings.Contains(credential, ".") {
		return c.Keys.Authenticate(ctx, credential)
	}
	who, err := c.Verifier.Verify(ctx, credential)
	if err != nil {
		return controlplane.Key{}, err
	}
	if !slices.Contains(who.Scopes, controlplane.OperatorScope) {
		return controlplane.Key{}, fault.New(fault.Forbidden, "the access token has not the scope %s", controlplane.OperatorScope)
	}
	key, err := c.holder(ctx, who)
	key.ExpiresAt = who.Expires
	return key, err
}

// holder is whom a verified token speaks for. An operator's role is the one that
// the account has now, whatever the token says: a change counts within seconds.
// A client's is the token's, which is ten minutes old at most.
func (c *Callers) holder(ctx context.Context, who *authn.Identity) (controlplane.Key, error) {
	id, ok := controlplane.OperatorOf(who.Subject)
	if !ok {
		role := controlplane.Role(who.Role)
		if who.Subject != who.Client || !role.AtLeast(controlplane.RoleViewer) {
			return controlplane.Key{}, fault.New(fault.Forbidden, "the access token is not an operator's")
		}
		return controlplane.Key{Name: "client:" + who.Client, Role: role, Kind: controlplane.CallerClient}, nil
	}
	account, err := c.account(ctx, id)
	switch {
	case fault.CodeOf(err) == fault.NotFound:
		return controlplane.Key{}, errNoOperator
	case err != nil:
		return controlplane.Key{}, err
	case !account.DisabledAt.IsZero():
		return controlplane.Key{}, errNoOperator
	}
	return controlplane.Key{
		Name: account.Email, Role: account.Role, Kind: controlplane.CallerOperator, CreatedAt: account.CreatedAt, LastUsedAt: account.LastLoginAt,
	}, nil
}

var errNoOperator = fault.New(fault.Unauthenticated, "the access token's operator has no account any more")

// account asks the store at most once in trustedFor for each operator.
func (c *Callers) account(ctx context.Context, id uuid.UUID) (controlplane.OperatorAccount, error) {
	now := c.Clock()
	c.mu.Lock()
	known := c.known[id]
	c.mu.Unlock()
	if now.Before(known.until) {
		return known.account, nil
	}
	account, err := c.People.ByID(ctx, id)
	if err != nil {
		return account, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.known == nil || len(c.known) >= maxCached {
		c.known = map[uuid.UUID]knownOperator{}
	}
	c.known[id] = knownOperator{account, now.Add(trustedFor)}
	return account, nil
}
