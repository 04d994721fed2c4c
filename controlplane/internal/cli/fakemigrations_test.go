package cli_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/google/uuid"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/controlplane/api"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/tenancy"
)

// certificateKey is the fake's.
var certificateKey = controlplane.NewCertificateKey([]byte("fake"))

var (
	moveID  = uuid.MustParse("0193b0c4-5d2e-7c1a-9f00-000000000001")
	batchID = uuid.MustParse("0193b0c4-5d2e-7c1a-9f00-000000000002")
)

// scene is one state of the fake's migration; a watcher is shown one after the other.
type scene struct {
	phase controlplane.MigrationPhase
	stage controlplane.MigrationStage
	with  func(m *api.Migration)
}

func number(v float64) *float64 { return &v }

// moving are the scenes of a migration that succeeds.
func moving() []scene {
	return []scene{
		{controlplane.MigrationPlanned, controlplane.StageWaiting, nil},
		{controlplane.MigrationCopying, controlplane.StageCopy, func(m *api.Migration) {
			m.Progress.TablesDone, m.Progress.RowsDone, m.Progress.BytesDone, m.Progress.BytesPerSecond = 3, 500, 500_000, 250_000
			m.Progress.EtaSeconds = number(2)
		}},
		{controlplane.MigrationCopying, controlplane.StageVerify, nil},
		{controlplane.MigrationCopying, controlplane.StageCutover, func(m *api.Migration) { m.PredictedPauseMs = number(21.4) }},
		{controlplane.MigrationSettling, controlplane.StageWindow, func(m *api.Migration) {
			until, equal := noon.Add(3_600_000_000_000), true
			m.PredictedPauseMs, m.PauseMs, m.WindowUntil, m.Verified = number(21.4), number(18.6), &until, &equal
		}},
	}
}

func undone(code string) []scene {
	return append(moving()[:3], scene{controlplane.MigrationAborted, controlplane.StageDone, func(m *api.Migration) {
		failure := "source and target differ"
		m.FailureCode, m.Failure = &code, &failure
	}})
}

// migration is the fake's one, in a scene.
func (f *fakePlane) migration(s scene) api.Migration {
	window, rate, pause, moves := 3600, int64(0), 1000, 2
	m := api.Migration{
		ID: moveID, TenantID: id(1), Slug: "acme", Source: "cell-a", Target: "cell-b", Epoch: 2, Phase: s.phase, Stage: string(s.stage), Actor: "ada",
		Terms:    api.MigrationTerms{RollbackWindowSeconds: &window, BytesPerSecond: &rate, PauseBudgetMs: &pause, MovesAtOnce: &moves},
		Progress: api.MigrationProgress{Tables: 9, Rows: 1000, Bytes: 1_000_000}, Timings: []api.StageTiming{}, CreatedAt: noon, UpdatedAt: noon,
	}
	if s.with != nil {
		s.with(&m)
	}
	return m
}

// now is the scene that is shown.
func (f *fakePlane) now() scene {
	if len(f.scenes) == 0 {
		f.scenes = moving()
	}
	return f.scenes[0]
}

func (f *fakePlane) CreateMigration(_ context.Context, r api.CreateMigrationRequestObject) (api.CreateMigrationResponseObject, error) {
	if r.Body.Target != nil && *r.Body.Target == "cell-c" {
		return nil, fault.New(fault.Conflict, "the cell cell-c is draining and receives no tenants").At("/target", "choose an active cell, or make this one active")
	}
	if r.Body.ValidateOnly != nil && *r.Body.ValidateOnly {
		reason := "most headroom"
		return api.CreateMigration200JSONResponse{
			TenantID: r.Body.TenantID, Slug: "acme", Source: "cell-a", Target: "cell-b", PlacementReason: &reason, Rows: 1000, Bytes: 1_000_000, Tables: 9, DurationSeconds: 3,
		}, nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.created++
	return api.CreateMigration201JSONResponse(f.migration(f.now())), nil
}

func (f *fakePlane) ListMigrations(_ context.Context, r api.ListMigrationsRequestObject) (api.ListMigrationsResponseObject, error) {
	if r.Params.Tenant != nil && *r.Params.Tenant != id(1) {
		return api.ListMigrations200JSONResponse{Migrations: []api.Migration{}}, nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	return api.ListMigrations200JSONResponse{Migrations: []api.Migration{f.migration(f.now())}}, nil
}

func (f *fakePlane) GetMigration(context.Context, api.GetMigrationRequestObject) (api.GetMigrationResponseObject, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return api.GetMigration200JSONResponse{MigrationAnswerJSONResponse: api.MigrationAnswerJSONResponse(f.migration(f.now()))}, nil
}

func (f *fakePlane) AbortMigration(context.Context, api.AbortMigrationRequestObject) (api.AbortMigrationResponseObject, error) {
	return nil, fault.New(fault.Conflict, "the migration is settling: the tenant has moved; it can be rolled back within its window, not aborted")
}

func (f *fakePlane) RollbackMigration(context.Context, api.RollbackMigrationRequestObject) (api.RollbackMigrationResponseObject, error) {
	m := f.migration(scene{controlplane.MigrationReturning, controlplane.StageReturn, nil})
	return api.RollbackMigration200JSONResponse{MigrationAnswerJSONResponse: api.MigrationAnswerJSONResponse(m)}, nil
}

func (f *fakePlane) PauseMigration(context.Context, api.PauseMigrationRequestObject) (api.PauseMigrationResponseObject, error) {
	m := f.migration(scene{controlplane.MigrationCopying, controlplane.StageCopy, func(m *api.Migration) { m.Paused = true }})
	return api.PauseMigration200JSONResponse{MigrationAnswerJSONResponse: api.MigrationAnswerJSONResponse(m)}, nil
}

func (f *fakePlane) ThrottleMigration(_ context.Context, r api.ThrottleMigrationRequestObject) (api.ThrottleMigrationResponseObject, error) {
	m := f.migration(scene{controlplane.MigrationCopying, controlplane.StageCopy, func(m *api.Migration) { *m.Terms.BytesPerSecond = r.Body.BytesPerSecond }})
	return api.ThrottleMigration200JSONResponse{MigrationAnswerJSONResponse: api.MigrationAnswerJSONResponse(m)}, nil
}

// watchScenes streams two scenes and breaks off, so that a watcher has to come again.
type watchScenes []api.Migration

// VisitWatchMigrationResponse writes the events.
func (w watchScenes) VisitWatchMigrationResponse(out http.ResponseWriter) error {
	out.Header().Set("Content-Type", "text/event-stream")
	fmt.Fprint(out, ": alive\n\n")
	for _, m := range w {
		raw, err := json.Marshal(m)
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "event: migration\ndata: %s\n\n", raw)
	}
	return nil
}

func (f *fakePlane) WatchMigration(context.Context, api.WatchMigrationRequestObject) (api.WatchMigrationResponseObject, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var shown watchScenes
	for range 2 {
		shown = append(shown, f.migration(f.now()))
		if len(f.scenes) > 1 {
			f.scenes = f.scenes[1:]
		}
	}
	return shown, nil
}

func (f *fakePlane) GetCertificate(context.Context, api.GetCertificateRequestObject) (api.GetCertificateResponseObject, error) {
	signed, err := certificateKey.Sign(controlplane.Certificate{
		Format: 1, Migration: moveID, Tenant: id(1), Slug: "acme", Source: "cell-a", Target: "cell-b", Epoch: 2, Rows: 12,
		Tables: []controlplane.TableVerification{{Name: "users", Rows: 12, SourceDigest: "d", TargetDigest: "d", Equal: true}}, Committed: noon, Issued: noon,
	})
	if err != nil {
		return nil, err
	}
	raw, err := json.Marshal(signed)
	return certificate(raw), err
}

type certificate []byte

// VisitGetCertificateResponse writes it.
func (c certificate) VisitGetCertificateResponse(w http.ResponseWriter) error {
	w.Header().Set("Content-Type", "application/json")
	_, err := w.Write(c)
	return err
}

func (f *fakePlane) GetCertificateKey(context.Context, api.GetCertificateKeyRequestObject) (api.GetCertificateKeyResponseObject, error) {
	return api.GetCertificateKey200JSONResponse{PublicKey: certificateKey.Public()}, nil
}

func plan(begun bool) api.BatchPlan {
	out := api.BatchPlan{
		Moves:     []api.PlannedMove{{TenantID: id(1), Slug: "acme", Source: "cell-a", Target: "cell-b", Reason: "most headroom"}},
		Obstacles: []api.Obstacle{{TenantID: tenancy.ID{}, Slug: "globex", Why: "no other cell is in europe-west1"}},
	}
	if begun {
		out.Batch = &batchID
	}
	return out
}

func (f *fakePlane) DrainCell(_ context.Context, r api.DrainCellRequestObject) (api.DrainCellResponseObject, error) {
	return api.DrainCell200JSONResponse(plan(r.Body.ValidateOnly == nil || !*r.Body.ValidateOnly)), nil
}

func (f *fakePlane) Rebalance(_ context.Context, r api.RebalanceRequestObject) (api.RebalanceResponseObject, error) {
	return api.Rebalance200JSONResponse(plan(r.Body.ValidateOnly == nil || !*r.Body.ValidateOnly)), nil
}
