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
	return Verify(ctx, a.Read(call), Options{PublicKey: a.PublicKey})
}
