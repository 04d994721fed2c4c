package cell

import "github.com/google/uuid"

// ProjectAction is what a bulk request does to projects.
type ProjectAction string

// The actions.
const (
	ArchiveProjects   ProjectAction = "archive"
	UnarchiveProjects ProjectAction = "unarchive"
	DeleteProjects    ProjectAction = "delete"
	TagProjects       ProjectAction = "tag"
	UntagProjects     ProjectAction = "untag"
)

// Status is the one that archiving or its reverse leads to.
func (a ProjectAction) Status() ProjectStatus {
	if a == ArchiveProjects {
		return ProjectArchived
	}
	return ProjectActive
}

// Past is the action's verb in an audit entry.
func (a ProjectAction) Past() string {
	switch a {
	case ArchiveProjects, UnarchiveProjects, DeleteProjects:
		return string(a) + "d"
	case TagProjects, UntagProjects:
	}
	return string(a) + "ged"
}

// ProjectBulk is one action on up to MaxBulk projects, all or none.
type ProjectBulk struct {
	Action ProjectAction
	IDs    []uuid.UUID
	Tags   []string // of TagProjects and UntagProjects
}
