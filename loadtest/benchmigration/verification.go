package main

import (
	"context"
	"fmt"
	"time"

	"github.com/coditect/platform/loadtest/internal/fleet"
)

// damage is what is done to the target of a migration before it is verified.
// The statements have the tenant's id as $1 and a stranger's as $2.
type damage struct{ name, statement string }

const someProject = `(SELECT project_id FROM projects WHERE tenant_id = $1 AND $2::uuid IS NOT NULL ORDER BY project_id LIMIT 1)`

var damages = []damage{
	{"a flipped bit", `UPDATE projects SET description = overlay(description PLACING chr(ascii(description) # 1) FROM 1 FOR 1) WHERE tenant_id = $1 AND project_id = ` + someProject},
	{"a missing row", `DELETE FROM projects WHERE tenant_id = $1 AND project_id = ` + someProject},
	{"an extra row", `INSERT INTO projects (tenant_id, project_id, workspace_id, name, description, status)
		SELECT tenant_id, gen_random_uuid(), workspace_id, 'extra', description, status FROM projects WHERE tenant_id = $1 AND project_id = ` + someProject},
	{"a swapped tenant id", `UPDATE projects SET tenant_id = $2 WHERE tenant_id = $1 AND project_id = ` + someProject},
}

// verification damages what was copied before both sides are compared: every
// such migration must be undone.
func verification(ctx context.Context, b *bench) error {
	found := 0
	for _, d := range damages {
		m, err := b.verifyDamaged(ctx, d)
		if err != nil {
			return fmt.Errorf("%s: %w", d.name, err)
		}
		b.say("%s: %s, %s", d.name, m.Phase, m.Failure)
		if m.Phase == "aborted" && m.FailureCode == "verification_mismatch" {
			found++
		}
	}
	b.out.AtLeast("verification_finds", 100*float64(found)/float64(len(damages)), "%", 100)
	return nil
}

// Slow enough that a copy can be stopped behind its first chunk.
const (
	damagedBytes = 8 * mb
	damagedRate  = 2 * mb // a second
)

// verifyDamaged pauses a slow copy, does the damage to what has come, and lets
// the migration go on.
func (b *bench) verifyDamaged(ctx context.Context, d damage) (m fleet.Migration, err error) {
	tenant, err := b.SignUp(ctx, "cell-a")
	if err != nil {
		return m, err
	}
	tenant.Client.CloseIdleConnections()
	stranger, err := b.SignUp(ctx, "cell-b")
	if err != nil {
		return m, err
	}
	stranger.Client.CloseIdleConnections()
	if err := b.Fill(ctx, tenant.Cell, tenant.ID, damagedBytes); err != nil {
		return m, err
	}
	if m, err = b.MigrateSlowly(ctx, tenant.ID, "cell-b", damagedRate); err != nil {
		return m, err
	}
	if m, err = b.await(ctx, m.ID, "some rows", func(m fleet.Migration) bool { return m.Progress.RowsDone > 1000 }); err != nil {
		return m, err
	}
	if err := b.Order(ctx, m.ID, "pause"); err != nil {
		return m, err
	}
	if err := b.Damage(ctx, "cell-b", d.statement, tenant.ID, stranger.ID); err != nil {
		return m, err
	}
	if err := b.Order(ctx, m.ID, "resume"); err != nil {
		return m, err
	}
	return b.await(ctx, m.ID, "its end", fleet.Migration.Over)
}

// await asks for a migration until it is as it should be.
func (b *bench) await(ctx context.Context, id, what string, met func(fleet.Migration) bool) (m fleet.Migration, err error) {
	const every, patience = 100 * time.Millisecond, time.Minute
	for end := time.Now().Add(patience); time.Now().Before(end); {
		if m, err = b.Migration(ctx, id); err != nil || met(m) {
			return m, err
		}
		if m.Over() {
			return m, fmt.Errorf("waiting for %s: the migration is %s: %s", what, m.Phase, m.Failure)
		}
		if err := wait(ctx, every); err != nil {
			return m, err
		}
	}
	return m, fmt.Errorf("waiting for %s: it is still in %s/%s: %s", what, m.Phase, m.Stage, m.Failure)
}
