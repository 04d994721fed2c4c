package internalapi

import (
	"context"
	"time"

	api "github.com/coditect/platform/cell/api/internalapi"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/shared/tenancy"
	"github.com/coditect/platform/shared/web"
)

// GetTransfer implements the API.
func (s *server) GetTransfer(ctx context.Context, _ api.GetTransferRequestObject) (api.GetTransferResponseObject, error) {
	facts, err := s.exporter.Contents.Facts(ctx)
	if err != nil {
		return nil, err
	}
	tables, err := s.exporter.Contents.Tables(ctx)
	if err != nil {
		return nil, err
	}
	answer := api.GetTransfer200JSONResponse{
		Cell: s.cell, SchemaVersion: facts.SchemaVersion, Citus: facts.Citus, RebalanceRunning: facts.Rebalancing,
		ExportsOpen: facts.ExportsOpen, ExportsLimit: s.exporter.Limits.Forward, ImportsOpen: facts.ImportsOpen, ImportsLimit: s.importer.Limit,
		Tables: []api.TableClass{},
	}
	var problems []string
	for _, t := range tables {
		if t.Problem != "" {
			problems = append(problems, t.Problem)
			continue
		}
		answer.Tables = append(answer.Tables, api.TableClass{Name: t.Name, Class: api.TableClassClass(t.Class)})
	}
	if problems != nil {
		answer.Problems = &problems
	}
	return answer, nil
}

// GetTenantSize implements the API.
func (s *server) GetTenantSize(ctx context.Context, r api.GetTenantSizeRequestObject) (api.GetTenantSizeResponseObject, error) {
	size, err := s.exporter.Contents.TenantSize(ctx, r.TenantID)
	if err != nil {
		return nil, err
	}
	answer := api.GetTenantSize200JSONResponse{
		Slug: string(size.Fence.Slug), Plan: &size.Plan, State: api.State(size.Fence.State), Epoch: size.Fence.Epoch, Tables: []api.TableSize{},
	}
	for _, t := range size.Tables {
		answer.Rows, answer.Bytes = answer.Rows+t.Rows, answer.Bytes+t.Bytes
		answer.Tables = append(answer.Tables, api.TableSize{Name: t.Name, Rows: t.Rows, Bytes: t.Bytes})
	}
	return answer, nil
}

// FreezeTenant implements the API.
func (s *server) FreezeTenant(ctx context.Context, r api.FreezeTenantRequestObject) (api.FreezeTenantResponseObject, error) {
	f, err := s.fences.Freeze(ctx, r.TenantID, r.Body.Epoch, r.Body.MigrationID, time.Duration(r.Body.ForMs)*time.Millisecond)
	if err != nil {
		return nil, err
	}
	return api.FreezeTenant200JSONResponse{FreezeNo: f.No, Position: f.Position, FrozenUntil: f.Until.UTC()}, nil
}

// SealTenant implements the API.
func (s *server) SealTenant(ctx context.Context, r api.SealTenantRequestObject) (api.SealTenantResponseObject, error) {
	if err := s.fences.Seal(ctx, r.TenantID, r.Body.Epoch, r.Body.FreezeNo); err != nil {
		return nil, err
	}
	return api.SealTenant200JSONResponse{ResidenceJSONResponse: residence(cell.Sealed, r.Body.Epoch)}, nil
}

// ThawTenant implements the API.
func (s *server) ThawTenant(ctx context.Context, r api.ThawTenantRequestObject) (api.ThawTenantResponseObject, error) {
	if err := s.fences.Thaw(ctx, r.TenantID, r.Body.Epoch, r.Body.FreezeNo); err != nil {
		return nil, err
	}
	return api.ThawTenant200JSONResponse{ResidenceJSONResponse: residence(cell.Live, r.Body.Epoch)}, nil
}

// DepartTenant implements the API.
func (s *server) DepartTenant(ctx context.Context, r api.DepartTenantRequestObject) (api.DepartTenantResponseObject, error) {
	if err := s.fences.Depart(ctx, r.TenantID, r.Body.Epoch, r.Body.FreezeNo, r.Body.ToCell, r.Body.ToEpoch); err != nil {
		return nil, err
	}
	return api.DepartTenant200JSONResponse{ResidenceJSONResponse: residence(cell.Departed, r.Body.Epoch)}, nil
}

// CleanUpTenant implements the API.
func (s *server) CleanUpTenant(ctx context.Context, r api.CleanUpTenantRequestObject) (api.CleanUpTenantResponseObject, error) {
	removed, more, err := s.fences.CleanUp(ctx, r.TenantID, r.Body.Epoch, r.Body.Forget != nil && *r.Body.Forget)
	if err != nil {
		return nil, err
	}
	return api.CleanUpTenant200JSONResponse{Rows: removed, Remaining: more}, nil
}

func residence(state cell.FenceState, epoch uint64) api.ResidenceJSONResponse {
	return residenceOf(cell.Fence{State: state, Epoch: epoch})
}

func transferOf(tenant tenancy.ID, migration api.MigrationID) cell.Transfer {
	return cell.Transfer{Tenant: tenant, Migration: migration}
}

// OpenExport implements the API.
func (s *server) OpenExport(ctx context.Context, r api.OpenExportRequestObject) (api.OpenExportResponseObject, error) {
	e, err := s.exporter.Open(ctx, cell.Export{
		Transfer: transferOf(r.TenantID, r.MigrationID), Epoch: r.Body.Epoch, Target: r.Body.TargetCell, Reverse: r.Body.Reverse != nil && *r.Body.Reverse,
	})
	if err != nil {
		return nil, err
	}
	return api.OpenExport200JSONResponse{ExportJSONResponse: exportOf(e)}, nil
}

// GetExport implements the API.
func (s *server) GetExport(ctx context.Context, r api.GetExportRequestObject) (api.GetExportResponseObject, error) {
	e, err := s.exporter.Get(ctx, transferOf(r.TenantID, r.MigrationID))
	if err != nil {
		return nil, err
	}
	return api.GetExport200JSONResponse{ExportJSONResponse: exportOf(e)}, nil
}

// CloseExport implements the API.
func (s *server) CloseExport(ctx context.Context, r api.CloseExportRequestObject) (api.CloseExportResponseObject, error) {
	if err := s.exporter.Close(ctx, transferOf(r.TenantID, r.MigrationID)); err != nil {
		return nil, err
	}
	return api.CloseExport204Response{}, nil
}

func exportOf(e cell.Export) api.ExportJSONResponse {
	answer := api.ExportJSONResponse{State: api.ExportState(e.State), Position: e.Position, Reverse: e.Reverse, RetainedWalBytes: e.RetainedWALBytes}
	if e.Failure != "" {
		answer.Failure = &e.Failure
	}
	return answer
}

// OpenImport implements the API.
func (s *server) OpenImport(ctx context.Context, r api.OpenImportRequestObject) (api.OpenImportResponseObject, error) {
	i := cell.Import{
		Transfer: transferOf(r.TenantID, r.MigrationID), Mode: cell.ImportMode(r.Body.Mode), Epoch: r.Body.Epoch,
		SourceURL: r.Body.SourceURL, Ticket: r.Body.Ticket,
	}
	if r.Body.BytesPerSecond != nil {
		i.BytesPerSecond = *r.Body.BytesPerSecond
	}
	i, err := s.importer.Open(ctx, i, tenancy.Slug(r.Body.Slug))
	if err != nil {
		return nil, err
	}
	return api.OpenImport200JSONResponse{ImportJSONResponse: importOf(i)}, nil
}

// GetImport implements the API.
func (s *server) GetImport(ctx context.Context, r api.GetImportRequestObject) (api.GetImportResponseObject, error) {
	i, err := s.importer.Get(ctx, transferOf(r.TenantID, r.MigrationID))
	if err != nil {
		return nil, err
	}
	return api.GetImport200JSONResponse{ImportJSONResponse: importOf(i)}, nil
}

// ChangeImport implements the API.
func (s *server) ChangeImport(ctx context.Context, r api.ChangeImportRequestObject) (api.ChangeImportResponseObject, error) {
	i, err := s.importer.Patch(ctx, transferOf(r.TenantID, r.MigrationID), r.Body.Paused, r.Body.BytesPerSecond)
	if err != nil {
		return nil, err
	}
	return api.ChangeImport200JSONResponse{ImportJSONResponse: importOf(i)}, nil
}

// CloseImport implements the API.
func (s *server) CloseImport(ctx context.Context, r api.CloseImportRequestObject) (api.CloseImportResponseObject, error) {
	if err := s.importer.Close(ctx, transferOf(r.TenantID, r.MigrationID)); err != nil {
		return nil, err
	}
	return api.CloseImport204Response{}, nil
}

// VerifyImport implements the API.
func (s *server) VerifyImport(ctx context.Context, r api.VerifyImportRequestObject) (api.VerifyImportResponseObject, error) {
	changed := r.Params.Scope != nil && *r.Params.Scope == api.ScopeChanged
	v, err := s.importer.Verify(ctx, transferOf(r.TenantID, r.MigrationID), changed)
	if err != nil {
		return nil, err
	}
	answer := api.VerifyImport200JSONResponse{Equal: v.Equal(), Position: v.Position, Tables: []api.TableVerification{}}
	for _, t := range v.Tables {
		name := t.Source.Table
		if name == "" {
			name = t.Target.Table
		}
		answer.Tables = append(answer.Tables, api.TableVerification{
			Name: name, Rows: t.Source.Rows, SourceDigest: t.Source.Sum, TargetDigest: t.Target.Sum, Equal: t.Equal(),
		})
	}
	return answer, nil
}

// DrainImport implements the API.
func (s *server) DrainImport(ctx context.Context, r api.DrainImportRequestObject) (api.DrainImportResponseObject, error) {
	d, err := s.importer.Drain(ctx, transferOf(r.TenantID, r.MigrationID), r.Body.Position,
		time.Duration(r.Body.TimeoutMs)*time.Millisecond, r.Body.Recheck != nil && *r.Body.Recheck)
	if err != nil {
		return nil, err
	}
	return api.DrainImport200JSONResponse{AppliedPosition: d.Applied, RecheckedRows: d.Rechecked, Equal: d.Equal}, nil
}

// ActivateImport implements the API.
func (s *server) ActivateImport(ctx context.Context, r api.ActivateImportRequestObject) (api.ActivateImportResponseObject, error) {
	fence, err := s.importer.Activate(ctx, transferOf(r.TenantID, r.MigrationID), r.Body.Epoch, web.RequestID(ctx))
	if err != nil {
		return nil, err
	}
	return api.ActivateImport200JSONResponse{ResidenceJSONResponse: residenceOf(fence)}, nil
}

func importOf(i cell.Import) api.ImportJSONResponse {
	answer := api.ImportJSONResponse{
		State: api.ImportState(i.State), Mode: api.ImportMode(i.Mode), Epoch: i.Epoch, Paused: i.Paused, BytesPerSecond: i.BytesPerSecond,
		Tables: i.TableCount, RowsEstimate: i.RowsEstimate, BytesEstimate: i.BytesEstimate,
	}
	switch {
	case i.State == cell.ImportClosing:
		answer.State = api.ImportStateFailed
	case i.Paused && i.State != cell.ImportFailed && i.State != cell.ImportActivated:
		answer.State = api.ImportStatePaused
	}
	for _, t := range i.Tables {
		answer.RowsCopied, answer.BytesCopied = answer.RowsCopied+t.Rows, answer.BytesCopied+t.Bytes
		if t.Done {
			answer.TablesDone++
		}
	}
	if i.Applied != 0 {
		answer.AppliedPosition = &i.Applied
	}
	if i.SourcePosition != 0 {
		answer.SourcePosition = &i.SourcePosition
		answer.LagBytes = int64(i.SourcePosition) - int64(min(i.Applied, i.SourcePosition))
	}
	if !i.CurrentAt.IsZero() {
		answer.LagMs = max(0, time.Since(i.CurrentAt).Milliseconds())
	}
	answer.Files, answer.FilesHere, answer.FileBytes, answer.FileBytesHere, answer.FilesComplete = i.Files.Files, i.Files.Here, i.Files.Bytes, i.Files.BytesHere, i.Files.Complete
	if i.Failure != "" {
		answer.Failure = &i.Failure
	}
	return answer
}
