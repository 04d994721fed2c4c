package internalapi

import (
	"context"

	api "github.com/coditect/platform/cell/api/internalapi"
	"github.com/coditect/platform/shared/fault"
)

// errNotServed answers the operations of migrations until their use-cases are
// wired in.
var errNotServed = fault.New(fault.Unavailable, "this cell does not take part in migrations yet")

// CleanUpTenant implements the API.
func (s *server) CleanUpTenant(context.Context, api.CleanUpTenantRequestObject) (api.CleanUpTenantResponseObject, error) {
	return nil, errNotServed
}

// DepartTenant implements the API.
func (s *server) DepartTenant(context.Context, api.DepartTenantRequestObject) (api.DepartTenantResponseObject, error) {
	return nil, errNotServed
}

// CloseExport implements the API.
func (s *server) CloseExport(context.Context, api.CloseExportRequestObject) (api.CloseExportResponseObject, error) {
	return nil, errNotServed
}

// GetExport implements the API.
func (s *server) GetExport(context.Context, api.GetExportRequestObject) (api.GetExportResponseObject, error) {
	return nil, errNotServed
}

// OpenExport implements the API.
func (s *server) OpenExport(context.Context, api.OpenExportRequestObject) (api.OpenExportResponseObject, error) {
	return nil, errNotServed
}

// AcknowledgeChanges implements the API.
func (s *server) AcknowledgeChanges(context.Context, api.AcknowledgeChangesRequestObject) (api.AcknowledgeChangesResponseObject, error) {
	return nil, errNotServed
}

// StreamChanges implements the API.
func (s *server) StreamChanges(context.Context, api.StreamChangesRequestObject) (api.StreamChangesResponseObject, error) {
	return nil, errNotServed
}

// DigestTables implements the API.
func (s *server) DigestTables(context.Context, api.DigestTablesRequestObject) (api.DigestTablesResponseObject, error) {
	return nil, errNotServed
}

// TakeSnapshot implements the API.
func (s *server) TakeSnapshot(context.Context, api.TakeSnapshotRequestObject) (api.TakeSnapshotResponseObject, error) {
	return nil, errNotServed
}

// CopyTable implements the API.
func (s *server) CopyTable(context.Context, api.CopyTableRequestObject) (api.CopyTableResponseObject, error) {
	return nil, errNotServed
}

// FreezeTenant implements the API.
func (s *server) FreezeTenant(context.Context, api.FreezeTenantRequestObject) (api.FreezeTenantResponseObject, error) {
	return nil, errNotServed
}

// CloseImport implements the API.
func (s *server) CloseImport(context.Context, api.CloseImportRequestObject) (api.CloseImportResponseObject, error) {
	return nil, errNotServed
}

// GetImport implements the API.
func (s *server) GetImport(context.Context, api.GetImportRequestObject) (api.GetImportResponseObject, error) {
	return nil, errNotServed
}

// ChangeImport implements the API.
func (s *server) ChangeImport(context.Context, api.ChangeImportRequestObject) (api.ChangeImportResponseObject, error) {
	return nil, errNotServed
}

// OpenImport implements the API.
func (s *server) OpenImport(context.Context, api.OpenImportRequestObject) (api.OpenImportResponseObject, error) {
	return nil, errNotServed
}

// ActivateImport implements the API.
func (s *server) ActivateImport(context.Context, api.ActivateImportRequestObject) (api.ActivateImportResponseObject, error) {
	return nil, errNotServed
}

// DrainImport implements the API.
func (s *server) DrainImport(context.Context, api.DrainImportRequestObject) (api.DrainImportResponseObject, error) {
	return nil, errNotServed
}

// VerifyImport implements the API.
func (s *server) VerifyImport(context.Context, api.VerifyImportRequestObject) (api.VerifyImportResponseObject, error) {
	return nil, errNotServed
}

// SealTenant implements the API.
func (s *server) SealTenant(context.Context, api.SealTenantRequestObject) (api.SealTenantResponseObject, error) {
	return nil, errNotServed
}

// GetTenantSize implements the API.
func (s *server) GetTenantSize(context.Context, api.GetTenantSizeRequestObject) (api.GetTenantSizeResponseObject, error) {
	return nil, errNotServed
}

// ThawTenant implements the API.
func (s *server) ThawTenant(context.Context, api.ThawTenantRequestObject) (api.ThawTenantResponseObject, error) {
	return nil, errNotServed
}

// GetTransfer implements the API.
func (s *server) GetTransfer(context.Context, api.GetTransferRequestObject) (api.GetTransferResponseObject, error) {
	return nil, errNotServed
}
