package cell

import (
	"slices"
	"time"

	"github.com/google/uuid"
)

// Actor is who turned out to be calling: a user by an API key, a user by a
// token, or a machine client by a token. The zero Actor is the cell itself and
// has no rights of its own.
type Actor struct {
	UserID uuid.UUID             // zero for a machine client and for the cell itself
	Role   Role                  // the user's own in this tenant
	Custom map[Role][]Permission // the roles made by the tenant that the user or its token names
	Scopes []string              // of the API key; they only narrow, none do not
	Until  time.Time             // when the API key ends; zero: it does not
	Token  *Token                // nil: an API key
}

// Has reports whether the actor may do what needs the permission.
func (a Actor) Has(p Permission) bool {
	return a.may(func(g Grant) bool { return g.Has(p) }) && allows(a.Scopes, p) && (a.Token == nil || allows(a.Token.Scopes, p))
}

// MayManage reports whether the actor may give, take or change a user of the role.
func (a Actor) MayManage(other Grant) bool {
	return a.may(func(g Grant) bool { return g.MayManage(other) })
}

// Covers reports whether the actor has every right that comes with the role.
func (a Actor) Covers(other Grant) bool { return a.CoversAll(other.Permissions) }

// CoversAll reports whether the actor has all of the rights.
func (a Actor) CoversAll(permissions []Permission) bool {
	return !slices.ContainsFunc(permissions, func(p Permission) bool { return p.Known() && !a.Has(p) })
}

// Is reports whether the actor is the user, with all of its rights: not one
// whose credential narrows them. Nobody is the zero user.
func (a Actor) Is(user uuid.UUID) bool {
	return user != uuid.Nil && a.UserID == user && a.Covers(a.grant(a.Role))
}

func (a Actor) grant(r Role) Grant { return r.Grant(a.Custom[r]) }

// may asks the roles: a user's own, which those of a token can only narrow, or
// a machine's from its token.
func (a Actor) may(right func(Grant) bool) bool {
	switch {
	case a.Token == nil:
		return right(a.grant(a.Role))
	case a.Token.Machine:
		return a.tokenMay(right)
	}
	return right(a.grant(a.Role)) && (len(a.Token.Roles) == 0 || a.tokenMay(right))
}

func (a Actor) tokenMay(right func(Grant) bool) bool {
	return slices.ContainsFunc(a.Token.Roles, func(r Role) bool { return right(a.grant(r)) })
}

// ActorKind says what sort of actor an audit row names.
type ActorKind string

// The kinds of actors.
const (
	ActorUser    ActorKind = "user"
	ActorClient  ActorKind = "client"  // a machine, by a token of its own
	ActorSystem  ActorKind = "system"  // the cell's workers
	ActorControl ActorKind = "control" // the control plane
)
