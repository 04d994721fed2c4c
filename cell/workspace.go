package cell

import (
	"time"

	"github.com/google/uuid"
)

// Workspace groups projects. Its name is unique within the tenant, whatever
// its case.
type Workspace struct {
	ID          uuid.UUID
	Name        string
	Description string
	Version     int64
	CreatedAt   time.Time
	UpdatedAt   time.Time
}

// WorkspaceChange holds what a change sets; nil leaves a field as it is.
type WorkspaceChange struct{ Name, Description *string }
