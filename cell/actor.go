package cell

import (
	"slices"

	"github.com/google/uuid"
)

// Actor is who turned out to be calling: a user by an API key, a user by a
// token, or a machine client by a token. The zero Actor is the cell itself and
// has no rights of its own.
type Actor struct {
	UserID uuid.UUID // zero for a machine client and for the cell itself
	Role   Role      // the user's own in this tenant
	Token  *Token    // nil: an API key
}

// Has reports whether the actor may do what needs the permission.
func (a Actor) Has(p Permission) bool {
	return a.may(func(r Role) bool { return r.Has(p) }) && (a.Token == nil || a.Token.allows(p))
}

// MayManage reports whether the actor may give, take or change a user of the role.
func (a Actor) MayManage(other Role) bool {
	return a.may(func(r Role) bool { return r.MayManage(other) })
}

// Covers reports whether the actor has every right that comes with the role.
func (a Actor) Covers(r Role) bool {
	return !slices.ContainsFunc(granted[r], func(p Permission) bool { return !a.Has(p) })
}

// Is reports whether the actor is the user, with all of its rights: not one
// whose token narrows them. Nobody is the zero user.
func (a Actor) Is(user uuid.UUID) bool {
	return user != uuid.Nil && a.UserID == user && a.Covers(a.Role)
}

// may asks the roles: a user's own, which those of a token can only narrow, or
// a machine's from its token.
func (a Actor) may(right func(Role) bool) bool {
	switch {
	case a.Token == nil:
		return right(a.Role)
	case a.Token.Machine:
		return a.Token.hasRole(right)
	}
	return right(a.Role) && (len(a.Token.Roles) == 0 || a.Token.hasRole(right))
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
