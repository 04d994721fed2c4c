package cell

import (
	"time"

	"github.com/google/uuid"
)

// UserStatus says whether a user may call the API.
type UserStatus string

// The states of a user.
const (
	UserActive   UserStatus = "active"
	UserDisabled UserStatus = "disabled"
)

// User is a person of one tenant. The e-mail address is unique within the
// tenant, whatever its case.
type User struct {
	ID        uuid.UUID
	Email     string
	Name      string
	Role      Role
	Status    UserStatus
	Version   int64
	CreatedAt time.Time
	UpdatedAt time.Time
}

// UserChange holds what a change sets; nil leaves a field as it is.
type UserChange struct {
	Name   *string
	Role   *Role
	Status *UserStatus
}

// UserFilter narrows a list of users; the zero value does not.
type UserFilter struct {
	Text   string // is part of the name or the e-mail address, whatever its case
	Status UserStatus
}
