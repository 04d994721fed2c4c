package proxy

import (
	"sync"

	"github.com/coditect/platform/shared/cellapi"
)

// signers keeps the signer of each cell.
type signers struct {
	master []byte
	known  sync.Map // cell id → *cellapi.Signer
}

func (s *signers) of(cell string) *cellapi.Signer {
	if signer, ok := s.known.Load(cell); ok {
		return signer.(*cellapi.Signer)
	}
	signer, _ := s.known.LoadOrStore(cell, cellapi.NewSigner(cellapi.DeriveKey(s.master, cell)))
	return signer.(*cellapi.Signer)
}
