package chain

import (
	"context"

	"github.com/coditect/platform/cell"
)

// judgeHorizon looks at who signed for where the log begins. What nobody signed
// for is no horizon: whatever is gone was then removed by somebody else.
func (v *verifier) judgeHorizon() {
	h := v.stood
	if !h.Drawn() {
		return
	}
	found := Finding{Seq: h.Base.Seq, Checkpoint: h.Checkpoint}
	if !h.Genuine() {
		found.Kind = HorizonChanged
		v.find(found, "where the log begins is not what its cell signed")
		return
	}
	if !v.opts.PublicKey.Equal(h.PublicKey) {
		found.Kind = UnknownSigner
		v.find(found, "where the log begins is not signed by this cell; what a tenant brought along is signed by this cell within seconds")
	}
	v.Horizon = h
}

// begins reports whether the chain begins with the place, somewhere behind its
// first: at the horizon, or before it while what is there has still to be
// removed. The row goes, and the link stays as the base of what follows. That
// it is the right one is known at the horizon, to whose hash no other leads.
func (v *verifier) begins(r cell.ChainRecord) bool {
	if v.first > 0 {
		return false
	}
	v.first = r.Link.Seq
	v.later = r.Row == nil && r.Link.Seq <= v.Horizon.Base.Seq
	return v.later
}

// mayBeFirst reports whether the checkpoints before this one went with what they
// signed for. Its own digest, and so theirs, is in what the horizon's names.
func (v *verifier) mayBeFirst(c cell.Checkpoint) bool {
	return v.later && v.Last.No == 0 && c.No <= v.Horizon.Checkpoint
}

// meet compares a place with what the horizon signs for, if it is that one.
func (v *verifier) meet(r cell.ChainRecord) {
	h := v.Horizon
	if h.Drawn() && r.Link.Seq == h.Base.Seq {
		v.met = r.Link == h.Base && r.Checkpoint != nil && r.Checkpoint.No == h.Checkpoint && r.Checkpoint.Digest() == h.Digest
	}
}

// beginsAsBefore reports whether the log still begins where it did when it was
// read: while one reads, what the plan keeps no longer may go.
func (v *verifier) beginsAsBefore(ctx context.Context, reader Reader) (bool, error) {
	h, err := reader.Horizon(ctx)
	if err != nil {
		return false, err
	}
	first, err := reader.ChainPage(ctx, 0, 1)
	if err != nil {
		return false, err
	}
	var begins int64
	if len(first) > 0 {
		begins = first[0].Link.Seq
	}
	return begins == v.first && h.Base == v.stood.Base && h.SignedAt.Equal(v.stood.SignedAt), nil
}
