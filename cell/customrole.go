package cell

import (
	"time"

	"github.com/google/uuid"
)

// MaxRoles bounds the roles that a tenant makes.
const MaxRoles = 100

// CustomRole is a role that the tenant made. Its name is unique within the
// tenant, whatever its case, and is not that of a built-in role. Nobody makes
// one that may do more than its maker.
type CustomRole struct {
	ID          uuid.UUID
	Name        string
	Description string
	Permissions []Permission // sorted, no duplicates
	Version     int64
	CreatedAt   time.Time
	UpdatedAt   time.Time
}

// Role is the custom role as users carry it.
func (r CustomRole) Role() Role { return Role(r.ID.String()) }

// CustomRoleChange holds what a change sets; nil leaves a field as it is.
type CustomRoleChange struct {
	Name, Description *string
	Permissions       []Permission
}
