package citus

import (
	"context"
	"slices"
	"strconv"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/shared/fault"
)

// CreateProjects adds all of the projects, or none: each that cannot be added
// is named in the fault.
func (s *Store) CreateProjects(ctx context.Context, call *cell.Call, projects []cell.Project, entry cell.AuditEntry) ([]cell.Project, error) {
	made := make([]cell.Project, len(projects))
	err := s.write(ctx, call, projectConstraints, func(w *work) {
		w.changes = changesData
		w.checkNewProjects(projects)
		for i, p := range projects {
			w.insertProject(p, &made[i])
		}
		w.audit(entry)
	})
	return made, err
}

// checkNewProjects finds what would break a constraint, to name all of it at
// once. What comes between it and the insertion is found by the constraint.
func (w *work) checkNewProjects(projects []cell.Project) {
	workspaces, names := make([]string, len(projects)), make([]string, len(projects))
	for i, p := range projects {
		workspaces[i], names[i] = p.WorkspaceID.String(), p.Name
	}
	w.Queue(`SELECT workspace_id FROM workspaces WHERE tenant_id = $1 AND workspace_id = ANY($2::text[]::uuid[])`, w.tenant(), workspaces).
		Query(func(rows pgx.Rows) error {
			here, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
			if err != nil {
				return err
			}
			var missing broken
			for i, p := range projects {
				if !slices.Contains(here, p.WorkspaceID) {
					missing.at(fault.Invalid, "the request breaks rules of the API", "/projects/"+strconv.Itoa(i)+"/workspace_id", "no such workspace")
				}
			}
			return missing.err()
		})
	w.Queue(`SELECT n.i FROM unnest($2::text[]::uuid[], $3::text[]) WITH ORDINALITY AS n (workspace_id, name, i)
		JOIN projects p ON p.workspace_id = n.workspace_id AND lower(p.name) = lower(n.name) WHERE p.tenant_id = $1 ORDER BY n.i`,
		w.tenant(), workspaces, names).Query(func(rows pgx.Rows) error {
		taken, err := pgx.CollectRows(rows, pgx.RowTo[int])
		if err != nil {
			return err
		}
		var clash broken
		for _, i := range taken {
			clash.at(fault.Conflict, "some of the names are taken; nothing was created", "/projects/"+strconv.Itoa(i-1)+"/name", "the workspace has a project with this name already")
		}
		return clash.err()
	})
}

// broken collects what is wrong with the items of a bulk request.
type broken struct{ fault *fault.Error }

func (b *broken) at(code fault.Code, message, field, why string) {
	if b.fault == nil {
		b.fault = fault.New(code, "%s", message)
	}
	b.fault = b.fault.At(field, "%s", why)
}

// err returns nil rather than a nil *fault.Error in an interface.
func (b *broken) err() error {
	if b.fault == nil {
		return nil
	}
	return b.fault
}

// ChangeProjects does one thing to all of the projects, or nothing: each that is
// not there is named in the fault. It returns them as they then are; of deleted
// ones, as they were.
func (s *Store) ChangeProjects(ctx context.Context, call *cell.Call, bulk cell.ProjectBulk, entry cell.AuditEntry) ([]cell.Project, error) {
	var projects []cell.Project
	err := s.write(ctx, call, projectConstraints, func(w *work) {
		w.changes = changesData
		ids := make([]string, len(bulk.IDs))
		for i, id := range bulk.IDs {
			ids[i] = id.String()
		}
		w.Queue(`SELECT project_id FROM projects WHERE tenant_id = $1 AND project_id = ANY($2::text[]::uuid[]) ORDER BY project_id FOR UPDATE`,
			w.tenant(), ids).Query(allOf(bulk.IDs))
		const these = ` WHERE tenant_id = $1 AND project_id = ANY($2::text[]::uuid[]) RETURNING ` + projectColumns
		const touch = `, version = version + 1, updated_at = now()`
		args := []any{w.tenant(), ids}
		statement := `DELETE FROM projects` + these
		switch bulk.Action {
		case cell.ArchiveProjects, cell.UnarchiveProjects:
			statement = `UPDATE projects SET status = $3` + touch + these
			args = append(args, string(bulk.Action.Status()))
		case cell.TagProjects:
			statement = `UPDATE projects SET tags = ARRAY(SELECT DISTINCT t FROM unnest(tags || $3::text[]) t ORDER BY t)` + touch + these
			args = append(args, bulk.Tags)
		case cell.UntagProjects:
			statement = `UPDATE projects SET tags = ARRAY(SELECT t FROM unnest(tags) t WHERE t <> ALL($3::text[]) ORDER BY t)` + touch + these
			args = append(args, bulk.Tags)
		case cell.DeleteProjects:
		}
		w.Queue(statement, args...).Query(collect(&projects, scanProject))
		w.audit(entry)
	})
	return projects, err
}

// allOf reads ids and names those of the wanted that are not among them.
func allOf(wanted []uuid.UUID) func(pgx.Rows) error {
	return func(rows pgx.Rows) error {
		ids, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
		if err != nil {
			return err
		}
		var missing broken
		for i, id := range wanted {
			if !slices.Contains(ids, id) {
				missing.at(fault.NotFound, "some of the projects are not there; nothing was changed", "/project_ids/"+strconv.Itoa(i), "no such project")
			}
		}
		return missing.err()
	}
}
