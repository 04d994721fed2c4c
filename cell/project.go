package cell

import (
	"time"

	"github.com/google/uuid"
)

// ProjectStatus says whether work goes on.
type ProjectStatus string

// The states of a project.
const (
	ProjectActive   ProjectStatus = "active"
	ProjectArchived ProjectStatus = "archived"
)

// Project belongs to one workspace. Its name is unique there, whatever its case.
type Project struct {
	ID          uuid.UUID
	WorkspaceID uuid.UUID
	Name        string
	Description string
	Status      ProjectStatus
	Tags        []string // sorted, each once
	Version     int64
	CreatedAt   time.Time
	UpdatedAt   time.Time
}

// ProjectChange holds what a change sets; nil leaves a field as it is.
type ProjectChange struct {
	Name, Description *string
	Status            *ProjectStatus
	Tags              *[]string
}

// MaxTags bounds the tags of a project.
const MaxTags = 20

// ProjectFilter narrows a list of projects; the zero value does not.
type ProjectFilter struct {
	WorkspaceID uuid.UUID
	Status      ProjectStatus
	Tag         string
	Terms       []string // each begins a word of the name or the description
}
