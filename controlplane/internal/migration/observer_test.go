package migration_test

import (
	"bufio"
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/controlplane/internal/cellclient"
	"github.com/coditect/platform/controlplane/internal/postgres"
	"github.com/coditect/platform/shared/tenancy"
)

// modelSteps reads the steps that the model can take; model/check.sh keeps the
// file equal to the model.
func modelSteps(t *testing.T) map[string]bool {
	t.Helper()
	file, err := os.Open("model/transitions.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	steps := map[string]bool{}
	for lines := bufio.NewScanner(file); lines.Scan(); {
		steps[lines.Text()] = true
	}
	if len(steps) < 100 {
		t.Fatalf("only %d steps", len(steps))
	}
	return steps
}

// The phases of the model are the phases of the nouns, with the same ways
// between them.
func TestTheModelHasThePhasesOfTheNouns(t *testing.T) {
	t.Parallel()
	moves := map[string]bool{}
	for step := range modelSteps(t) {
		f := strings.Fields(step)
		moves[f[3]+" "+f[6]] = true
	}
	for _, from := range controlplane.MigrationPhases {
		for _, to := range controlplane.MigrationPhases {
			if from != to && from.MayBecome(to) != moves[string(from)+" "+string(to)] {
				t.Errorf("%s to %s: %v in the nouns, %v in the model", from, to, from.MayBecome(to), !from.MayBecome(to))
			}
		}
	}
}

// errNoStep says that a call has done nothing, as was its right.
var errNoStep = errors.New("not now")

// observer is what a worker sees of the world. Each call is one of the process's:
// hook may end it before or after. Calls that change who may serve are steps of
// the model.
type observer struct {
	*course
	hook func(call func() error) error
	postgres.MigrationStore
	*cellclient.Client
}

func (o *observer) step(name string, call func() error) error {
	return o.hook(func() error { return o.observe(name, call) })
}

func (o *observer) Save(ctx context.Context, m controlplane.Migration) (fresh controlplane.Migration, err error) {
	err = o.hook(func() (err error) { fresh, err = o.MigrationStore.Save(ctx, m); return err })
	return fresh, err
}

func (o *observer) NoteFreeze(ctx context.Context, m controlplane.Migration, n uint64) error {
	return o.hook(func() error { return o.MigrationStore.NoteFreeze(ctx, m, n) })
}

func (o *observer) SetCertificate(ctx context.Context, m controlplane.Migration, raw []byte) error {
	return o.hook(func() error { return o.MigrationStore.SetCertificate(ctx, m, raw) })
}

func (o *observer) Start(ctx context.Context, m, next controlplane.Migration) (started bool, err error) {
	err = o.step("start", func() (err error) {
		if started, err = o.MigrationStore.Start(ctx, m, next); err == nil && !started {
			err = errNoStep
		}
		return err
	})
	if errors.Is(err, errNoStep) {
		err = nil
	}
	return started, err
}

func (o *observer) Commit(ctx context.Context, m, next controlplane.Migration, from, to string, epoch uint64) error {
	return o.step("commit", func() error { return o.MigrationStore.Commit(ctx, m, next, from, to, epoch) })
}

func (o *observer) Advance(ctx context.Context, m, next controlplane.Migration) error {
	name := map[controlplane.MigrationPhase]string{
		controlplane.MigrationSettling: "settle", controlplane.MigrationClearing: "resume", controlplane.MigrationAborting: "abort", controlplane.MigrationKeeping: "keep",
	}[next.Phase]
	if next.Phase == controlplane.MigrationCleaning {
		name = map[controlplane.MigrationPhase]string{controlplane.MigrationSettling: "finish", controlplane.MigrationKeeping: "kept"}[m.Phase]
	}
	return o.step(name, func() error { return o.MigrationStore.Advance(ctx, m, next) })
}

func (o *observer) Finish(ctx context.Context, m, next controlplane.Migration, left string) error {
	name := map[controlplane.MigrationPhase]string{
		controlplane.MigrationCompleted: "clean", controlplane.MigrationRolledBack: "clear", controlplane.MigrationAborted: "gave_up",
	}[next.Phase]
	return o.step(name, func() error { return o.MigrationStore.Finish(ctx, m, next, left) })
}

func (o *observer) Size(ctx context.Context, cell string, id tenancy.ID) (size controlplane.TenantSize, err error) {
	err = o.step("", func() (err error) { size, err = o.Client.Size(ctx, cell, id); return err })
	return size, err
}

func (o *observer) Freeze(ctx context.Context, cell string, m controlplane.Migration, epoch uint64, d time.Duration) (freeze controlplane.Freeze, err error) {
	err = o.step("freeze", func() (err error) { freeze, err = o.Client.Freeze(ctx, cell, m, epoch, d); return err })
	return freeze, err
}

func (o *observer) Seal(ctx context.Context, cell string, id tenancy.ID, epoch, n uint64) error {
	return o.step("seal", func() error { return o.Client.Seal(ctx, cell, id, epoch, n) })
}

func (o *observer) Thaw(ctx context.Context, cell string, id tenancy.ID, epoch, n uint64) error {
	return o.step("thaw", func() error { return o.Client.Thaw(ctx, cell, id, epoch, n) })
}

func (o *observer) Depart(ctx context.Context, cell string, id tenancy.ID, epoch, n uint64, to string) error {
	return o.step("depart", func() error { return o.Client.Depart(ctx, cell, id, epoch, n, to) })
}

func (o *observer) OpenImport(ctx context.Context, cell string, m controlplane.Migration, r controlplane.ImportRequest) (status controlplane.ImportStatus, err error) {
	name := "import"
	if r.Mode == controlplane.ImportFollow || m.Phase != controlplane.MigrationCopying {
		name = "" // no fence changes
	}
	err = o.step(name, func() (err error) { status, err = o.Client.OpenImport(ctx, cell, m, r); return err })
	return status, err
}

func (o *observer) Import(ctx context.Context, cell string, m controlplane.Migration) (status controlplane.ImportStatus, err error) {
	err = o.hook(func() (err error) { status, err = o.Client.Import(ctx, cell, m); return err })
	return status, err
}

func (o *observer) Verify(ctx context.Context, cell string, m controlplane.Migration, changed bool) (result controlplane.VerificationResult, err error) {
	err = o.hook(func() (err error) { result, err = o.Client.Verify(ctx, cell, m, changed); return err })
	return result, err
}

func (o *observer) Drain(ctx context.Context, cell string, m controlplane.Migration, position string, d time.Duration, recheck bool) (drained controlplane.Drained, err error) {
	err = o.step("drain", func() (err error) { drained, err = o.Client.Drain(ctx, cell, m, position, d, recheck); return err })
	return drained, err
}

func (o *observer) ActivateImport(ctx context.Context, cell string, m controlplane.Migration, epoch uint64) error {
	return o.step("activate", func() error { return o.Client.ActivateImport(ctx, cell, m, epoch) })
}

func (o *observer) CloseImport(ctx context.Context, cell string, m controlplane.Migration) error {
	name := ""
	if m.Phase == controlplane.MigrationAborting {
		name = "discard"
	}
	return o.step(name, func() error { return o.Client.CloseImport(ctx, cell, m) })
}

func (o *observer) OpenExport(ctx context.Context, cell string, m controlplane.Migration, epoch uint64, to string, reverse bool) error {
	return o.step("", func() error { return o.Client.OpenExport(ctx, cell, m, epoch, to, reverse) })
}

func (o *observer) CloseExport(ctx context.Context, cell string, m controlplane.Migration) error {
	return o.step("", func() error { return o.Client.CloseExport(ctx, cell, m) })
}

func (o *observer) CleanUp(ctx context.Context, cell string, m controlplane.Migration, epoch uint64) (remaining bool, err error) {
	err = o.step("", func() (err error) { remaining, err = o.Client.CleanUp(ctx, cell, m, epoch); return err })
	return remaining, err
}
