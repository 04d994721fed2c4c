package chain

import (
	"context"
	"crypto/ed25519"

	"github.com/coditect/platform/cell"
)

// Auditor is the use-case of verifying a tenant's log on its behalf.
type Auditor struct {
	Read      func(*cell.Call) Reader
	PublicKey ed25519.PublicKey // of this cell
}

// Verify reads the whole log of the call's tenant.
func (a Auditor) Verify(ctx context.Context, call *cell.Call) (Report, error) {
	return a.VerifyAgainst(ctx, call, nil)
}

// VerifyAgainst does so against a checkpoint that was kept elsewhere; nil: none.
func (a Auditor) VerifyAgainst(ctx context.Context, call *cell.Call, anchor *cell.Checkpoint) (Report, error) {
	return Verify(ctx, a.Read(call), Options{PublicKey: a.PublicKey, Anchor: anchor})
}
