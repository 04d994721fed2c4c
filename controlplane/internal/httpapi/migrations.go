package httpapi

import (
	"context"
	"net/http"
	"time"

	"github.com/google/uuid"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/controlplane/api"
	"github.com/coditect/platform/controlplane/internal/migration"
)

// terms reads what a request asks of a migration; window is the rollback window
// if it does not say.
func terms(in *api.MigrationTerms, window time.Duration) controlplane.MigrationTerms {
	if in == nil {
		in = &api.MigrationTerms{}
	}
	return controlplane.MigrationTerms{
		BytesPerSecond: orDefault(in.BytesPerSecond, 0),
		PauseBudget:    time.Duration(orDefault(in.PauseBudgetMs, int(controlplane.DefaultPauseBudget.Milliseconds()))) * time.Millisecond,
		RollbackWindow: time.Duration(orDefault(in.RollbackWindowSeconds, int(window.Seconds()))) * time.Second,
		NotBefore:      orDefault(in.NotBefore, time.Time{}).UTC(), NotAfter: orDefault(in.NotAfter, time.Time{}).UTC(),
		MovesAtOnce: orDefault(in.MovesAtOnce, controlplane.DefaultMovesAtOnce), Reason: orDefault(in.Reason, ""),
	}
}

func termsAnswer(t controlplane.MigrationTerms) api.MigrationTerms {
	pause, window := int(t.PauseBudget.Milliseconds()), int(t.RollbackWindow.Seconds())
	return api.MigrationTerms{
		BytesPerSecond: &t.BytesPerSecond, PauseBudgetMs: &pause, RollbackWindowSeconds: &window, NotBefore: optional(t.NotBefore), NotAfter: optional(t.NotAfter),
		MovesAtOnce: &t.MovesAtOnce, Reason: optional(t.Reason),
	}
}

func migrationAnswer(m controlplane.Migration) api.Migration {
	r := m.Record
	out := api.Migration{
		ID: m.ID, TenantID: m.TenantID, Slug: string(m.Slug), Source: m.Source, Target: m.Target, Epoch: m.Epoch + 1, Phase: m.Phase, Stage: string(m.Stage),
		Batch: optional(m.Batch), Paused: m.Paused, Actor: m.Actor, Terms: termsAnswer(m.Terms), Progress: progressAnswer(m),
		Timings: each(r.Timings, func(t controlplane.StageTiming) api.StageTiming {
			return api.StageTiming{Stage: string(t.Stage), From: t.From, Until: optional(t.Until)}
		}),
		Attempts: r.Attempts, PredictedPauseMs: millis(r.Predicted), PauseMs: millis(r.Pause), RollbackPauseMs: millis(r.BackPause),
		WindowUntil: optional(m.WindowUntil), FailureCode: optional(string(r.Code)), Failure: optional(r.Failure),
		CreatedAt: m.CreatedAt, UpdatedAt: m.UpdatedAt, FinishedAt: optional(m.FinishedAt),
	}
	if !r.Verified.At.IsZero() {
		out.Verified = &r.Verified.Equal
	}
	return out
}

func millis(d time.Duration) *float64 {
	return optional(float64(d.Microseconds()) / 1000)
}

func progressAnswer(m controlplane.Migration) api.MigrationProgress {
	p := m.Record.Progress
	out := api.MigrationProgress{
		TablesDone: p.TablesDone, Tables: p.Tables, RowsDone: p.RowsDone, Rows: p.Rows, BytesDone: p.BytesDone, Bytes: p.Bytes,
		BytesPerSecond: p.BytesSecond, LagBytes: p.LagBytes, LagMs: p.LagMillis,
	}
	if p.Tables == 0 { // nothing copied yet: the estimate is all that is known
		out.Tables, out.Rows, out.Bytes = m.Record.Size.Tables, m.Record.Size.Rows, m.Record.Size.Bytes
	}
	if p.Files > 0 {
		out.FilesDone, out.Files, out.FileBytes = &p.FilesDone, &p.Files, &p.FileBytes
	}
	if m.Stage == controlplane.StageCopy && p.BytesSecond > 0 {
		out.EtaSeconds = new(float64)
		*out.EtaSeconds = float64(max(0, p.Bytes-p.BytesDone)) / float64(p.BytesSecond)
	}
	return out
}

func shown(m controlplane.Migration) api.MigrationAnswerJSONResponse {
	return api.MigrationAnswerJSONResponse(migrationAnswer(m))
}

// CreateMigration moves a tenant, or says what that would be.
func (s *server) CreateMigration(ctx context.Context, r api.CreateMigrationRequestObject) (api.CreateMigrationResponseObject, error) {
	request := migration.Request{Tenant: r.Body.TenantID, Target: orDefault(r.Body.Target, ""), Terms: terms(r.Body.Terms, controlplane.DefaultRollbackWindow)}
	if orDefault(r.Body.ValidateOnly, false) {
		plan, err := s.Migrations.Check(ctx, request)
		if err != nil {
			return nil, err
		}
		return api.CreateMigration200JSONResponse{
			TenantID: plan.Tenant.TenantID, Slug: string(plan.Tenant.Slug), Source: plan.Tenant.Cell, Target: plan.Target, PlacementReason: optional(plan.Reason),
			Rows: plan.Size.Rows, Bytes: plan.Size.Bytes, Tables: plan.Size.Tables, DurationSeconds: plan.Duration.Seconds(),
		}, nil
	}
	m, err := s.Migrations.Create(ctx, request)
	if err != nil {
		return nil, err
	}
	return api.CreateMigration201JSONResponse(migrationAnswer(m)), nil
}

// ListMigrations lists migrations, newest first.
func (s *server) ListMigrations(ctx context.Context, r api.ListMigrationsRequestObject) (api.ListMigrationsResponseObject, error) {
	page, err := pageOf(r.Params.Limit, r.Params.Cursor)
	if err != nil {
		return nil, err
	}
	found, err := s.Migrations.List(ctx, controlplane.MigrationFilter{
		Phase: orDefault(r.Params.Phase, ""), Tenant: r.Params.Tenant, Cell: orDefault(r.Params.Cell, ""), Batch: r.Params.Batch, Open: orDefault(r.Params.Open, false),
	}, page)
	if err != nil {
		return nil, err
	}
	found, next := cut(found, page, func(m controlplane.Migration) string { return m.ID.String() })
	return api.ListMigrations200JSONResponse{Migrations: each(found, migrationAnswer), NextCursor: next}, nil
}

// GetMigration shows a migration.
func (s *server) GetMigration(ctx context.Context, r api.GetMigrationRequestObject) (api.GetMigrationResponseObject, error) {
	m, err := s.Migrations.Get(ctx, r.Migration)
	if err != nil {
		return nil, err
	}
	return api.GetMigration200JSONResponse{MigrationAnswerJSONResponse: shown(m)}, nil
}

// PauseMigration pauses a migration.
func (s *server) PauseMigration(ctx context.Context, r api.PauseMigrationRequestObject) (api.PauseMigrationResponseObject, error) {
	m, err := s.Migrations.Pause(ctx, r.Migration)
	if err != nil {
		return nil, err
	}
	return api.PauseMigration200JSONResponse{MigrationAnswerJSONResponse: shown(m)}, nil
}

// ResumeMigration lets a paused migration go on.
func (s *server) ResumeMigration(ctx context.Context, r api.ResumeMigrationRequestObject) (api.ResumeMigrationResponseObject, error) {
	m, err := s.Migrations.Resume(ctx, r.Migration)
	if err != nil {
		return nil, err
	}
	return api.ResumeMigration200JSONResponse{MigrationAnswerJSONResponse: shown(m)}, nil
}

// ThrottleMigration bounds a copy.
func (s *server) ThrottleMigration(ctx context.Context, r api.ThrottleMigrationRequestObject) (api.ThrottleMigrationResponseObject, error) {
	m, err := s.Migrations.Throttle(ctx, r.Migration, r.Body.BytesPerSecond)
	if err != nil {
		return nil, err
	}
	return api.ThrottleMigration200JSONResponse{MigrationAnswerJSONResponse: shown(m)}, nil
}

// AbortMigration ends a migration that is not committed.
func (s *server) AbortMigration(ctx context.Context, r api.AbortMigrationRequestObject) (api.AbortMigrationResponseObject, error) {
	m, err := s.Migrations.Abort(ctx, r.Migration, reasonOf(r.Body))
	if err != nil {
		return nil, err
	}
	return api.AbortMigration200JSONResponse{MigrationAnswerJSONResponse: shown(m)}, nil
}

// RollbackMigration moves a tenant back.
func (s *server) RollbackMigration(ctx context.Context, r api.RollbackMigrationRequestObject) (api.RollbackMigrationResponseObject, error) {
	m, err := s.Migrations.Rollback(ctx, r.Migration, reasonOf(r.Body))
	if err != nil {
		return nil, err
	}
	return api.RollbackMigration200JSONResponse{MigrationAnswerJSONResponse: shown(m)}, nil
}

func reasonOf(body *api.Reason) string {
	if body == nil {
		return ""
	}
	return orDefault(body.Reason, "")
}

// FinishMigration ends a rollback window.
func (s *server) FinishMigration(ctx context.Context, r api.FinishMigrationRequestObject) (api.FinishMigrationResponseObject, error) {
	m, err := s.Migrations.EndWindow(ctx, r.Migration)
	if err != nil {
		return nil, err
	}
	return api.FinishMigration200JSONResponse{MigrationAnswerJSONResponse: shown(m)}, nil
}

// GetCertificate hands a certificate out.
func (s *server) GetCertificate(ctx context.Context, r api.GetCertificateRequestObject) (api.GetCertificateResponseObject, error) {
	document, err := s.Migrations.Certificate(ctx, r.Migration)
	if err != nil {
		return nil, err
	}
	return certificate(document), nil
}

// certificate is sent as it was signed.
type certificate []byte

// VisitGetCertificateResponse writes it.
func (c certificate) VisitGetCertificateResponse(w http.ResponseWriter) error {
	w.Header().Set("Content-Type", "application/json")
	_, err := w.Write(c)
	return err
}

// GetCertificateKey tells the public key of certificates.
func (s *server) GetCertificateKey(context.Context, api.GetCertificateKeyRequestObject) (api.GetCertificateKeyResponseObject, error) {
	return api.GetCertificateKey200JSONResponse{PublicKey: s.Migrations.Key.Public()}, nil
}

// DrainCell moves a cell's tenants away.
func (s *server) DrainCell(ctx context.Context, r api.DrainCellRequestObject) (api.DrainCellResponseObject, error) {
	request := batchRequest(r.Body)
	request.Cell = r.Cell
	do := s.Migrations.Drain
	if orDefault(r.Body.ValidateOnly, false) {
		do = s.Migrations.PlanDrain
	}
	plan, err := do(ctx, request)
	if err != nil {
		return nil, err
	}
	return api.DrainCell200JSONResponse(batchPlan(plan)), nil
}

// Rebalance moves tenants from full cells to empty ones.
func (s *server) Rebalance(ctx context.Context, r api.RebalanceRequestObject) (api.RebalanceResponseObject, error) {
	do := s.Migrations.Rebalance
	if orDefault(r.Body.ValidateOnly, false) {
		do = s.Migrations.PlanRebalance
	}
	plan, err := do(ctx, batchRequest(r.Body))
	if err != nil {
		return nil, err
	}
	return api.Rebalance200JSONResponse(batchPlan(plan)), nil
}

func batchRequest(in *api.BatchRequest) migration.BatchRequest {
	return migration.BatchRequest{Cell: orDefault(in.Cell, ""), MaxMoves: orDefault(in.MaxMoves, 0), Terms: terms(in.Terms, 0)}
}

func batchPlan(p migration.BatchPlan) api.BatchPlan {
	out := api.BatchPlan{
		Moves: each(p.Moves, func(m migration.Move) api.PlannedMove {
			return api.PlannedMove{TenantID: m.Tenant.TenantID, Slug: string(m.Tenant.Slug), Source: m.Tenant.Cell, Target: m.Target, Reason: m.Reason}
		}),
		Obstacles: each(p.Obstacles, func(o migration.Obstacle) api.Obstacle {
			return api.Obstacle{TenantID: o.Tenant.TenantID, Slug: string(o.Tenant.Slug), Why: o.Why}
		}),
		More: p.More,
	}
	if p.Batch != uuid.Nil {
		out.Batch = &p.Batch
	}
	return out
}
