package chain

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/coditect/platform/cell"
)

// Reader reads one tenant's log and chain. It is an interface because
// use-cases do not know the database.
type Reader interface {
	// Horizon returns where the log begins; the zero one if nothing was removed.
	Horizon(ctx context.Context) (cell.Horizon, error)
	// ChainPage returns up to limit places after the given one.
	ChainPage(ctx context.Context, after int64, limit int) ([]cell.ChainRecord, error)
	// LooseRows returns up to limit rows without a place, after the given one.
	LooseRows(ctx context.Context, after uuid.UUID, limit int) ([]cell.AuditRow, error)
	// LooseCheckpoints returns up to limit checkpoints for places that are not there.
	LooseCheckpoints(ctx context.Context, limit int) ([]cell.Checkpoint, error)
}

// Kinds of findings.
const (
	RowChanged        = "row_changed"        // or its link, or the order
	RowRemoved        = "row_removed"        // its link is still there
	RowInserted       = "row_inserted"       // into the past
	LinkMissing       = "link_missing"       // a gap in the numbers
	CheckpointChanged = "checkpoint_changed" // not what was signed
	CheckpointMissing = "checkpoint_missing" // a gap in the numbers, or one left out
	ChainRewritten    = "chain_rewritten"    // it is not what was signed for
	ChainCutOff       = "chain_cut_off"      // it ends before what was signed for
	HorizonChanged    = "horizon_changed"    // not what was signed
	UnknownSigner     = "unknown_signer"     // the last checkpoint, or the horizon, is not this cell's
)

// Finding is one trace of tampering.
type Finding struct {
	Kind       string
	Seq        int64     // place in the chain; 0: none
	AuditID    uuid.UUID // zero: none
	Checkpoint int64     // number; 0: none
	Text       string
}

// MaxFindings bounds the findings of one report.
const MaxFindings = 100

// Options says against what the chain is verified.
type Options struct {
	PublicKey ed25519.PublicKey // of this cell
	Anchor    *cell.Checkpoint  // kept elsewhere; nil: none
	Before    time.Time         // what is older may go; see Report.Cut. Zero: nothing
}

// Cut is a checkpoint and its place: where a horizon can be drawn.
type Cut struct {
	Link       cell.Link
	Checkpoint cell.Checkpoint
}

// Report is what a verification found.
type Report struct {
	Rows        int64 // that have a place
	Checkpoints int64
	Pending     int64           // rows that have no place yet
	SignedTo    int64           // the place up to which this cell signed
	Last        cell.Checkpoint // zero: none
	Horizon     cell.Horizon    // zero: nothing was removed
	Cut         Cut             // the last checkpoint of which all is older than Options.Before; zero: none
	Findings    []Finding
}

// Intact reports whether nothing was found.
func (r *Report) Intact() bool { return len(r.Findings) == 0 }

const page = 2000

// attempts is how often a log is read anew whose beginning went meanwhile.
const attempts = 3

// Verify reads a tenant's whole chain, a page at a time, and reports what does
// not fit. Its error means that it could not read.
func Verify(ctx context.Context, reader Reader, opts Options) (Report, error) {
	for attempt := 1; ; attempt++ {
		v := &verifier{opts: opts}
		if err := v.walk(ctx, reader); err != nil || v.Intact() || attempt == attempts {
			return v.Report, err
		}
		if same, err := v.beginsAsBefore(ctx, reader); err != nil || same {
			return v.Report, err
		}
	}
}

func (v *verifier) walk(ctx context.Context, reader Reader) (err error) {
	if v.stood, err = reader.Horizon(ctx); err != nil {
		return err
	}
	v.judgeHorizon()
	for {
		records, err := reader.ChainPage(ctx, v.last.Seq, page)
		if err != nil {
			return err
		}
		for _, r := range records {
			v.place(r)
		}
		if len(records) < page {
			break
		}
	}
	if err := v.loose(ctx, reader); err != nil {
		return err
	}
	v.close()
	return nil
}

// verifier walks along a chain.
type verifier struct {
	Report
	opts  Options
	last  cell.Link
	stood cell.Horizon // as it was read, before it was judged
	first int64        // the first place that is there; 0: none was read yet
	later bool         // the chain begins behind its first place, as the horizon allows
	met   bool         // the place and the checkpoint that the horizon signs for
}

func (v *verifier) find(f Finding, format string, args ...any) {
	if len(v.Findings) < MaxFindings {
		f.Text = fmt.Sprintf(format, args...)
		v.Findings = append(v.Findings, f)
	}
}

// place judges one place by what stands before it. It then goes on from what
// is stored, so that one change is found once.
func (v *verifier) place(r cell.ChainRecord) {
	found := Finding{Seq: r.Link.Seq, AuditID: r.Link.AuditID}
	switch {
	case v.begins(r):
		v.arrive(r)
		return
	case r.Link.Seq != v.last.Seq+1:
		found.Kind = LinkMissing
		v.find(found, "places %d to %d of the chain are missing", v.last.Seq+1, r.Link.Seq-1)
	case r.Row == nil:
		found.Kind = RowRemoved
		v.find(found, "the row at place %d is gone", r.Link.Seq)
	case v.last.Next(*r.Row) != r.Link:
		found.Kind = RowChanged
		v.find(found, "the row at place %d is not the one that was sealed there, or not in its place", r.Link.Seq)
	case r.Row.Entry.At.Sub(cell.TimeOfID(r.Row.Entry.ID)).Abs() > Grace:
		found.Kind = RowInserted
		v.find(found, "the row at place %d is dated otherwise than its id", r.Link.Seq)
	}
	v.Rows++
	v.arrive(r)
}

// arrive goes on from what is stored at a place.
func (v *verifier) arrive(r cell.ChainRecord) {
	v.last = r.Link
	v.meet(r)
	if r.Checkpoint != nil {
		v.checkpoint(*r.Checkpoint)
	}
	if a := v.opts.Anchor; a != nil && a.Seq == r.Link.Seq && a.Hash != r.Link.Hash {
		v.find(Finding{Kind: ChainRewritten, Seq: a.Seq, Checkpoint: a.No}, "place %d is not what the anchor signs for", a.Seq)
	}
}

func (v *verifier) checkpoint(c cell.Checkpoint) {
	found := Finding{Seq: c.Seq, Checkpoint: c.No}
	before := v.Last
	switch {
	case !c.Genuine():
		found.Kind = CheckpointChanged
		v.find(found, "checkpoint %d is not what its cell signed", c.No)
	case c.Hash != v.last.Hash:
		found.Kind = ChainRewritten
		v.find(found, "place %d is not what checkpoint %d signs for", c.Seq, c.No)
	case c.No != before.No+1 && !v.mayBeFirst(c):
		found.Kind = CheckpointMissing
		v.find(found, "checkpoints %d to %d are missing", before.No+1, c.No-1)
	case before.No > 0 && c.Previous != before.Digest():
		found.Kind = CheckpointMissing
		v.find(found, "checkpoint %d follows another one than %d", c.No, before.No)
	}
	if a := v.opts.Anchor; a != nil && a.No == c.No && a.Digest() != c.Digest() {
		v.find(Finding{Kind: CheckpointChanged, Seq: c.Seq, Checkpoint: c.No}, "checkpoint %d is not the anchor", c.No)
	}
	v.Checkpoints++
	v.Last = c
	if v.opts.PublicKey.Equal(c.PublicKey) {
		v.SignedTo = c.Seq
	}
	if c.SignedAt.Before(v.opts.Before) && cell.TimeOfID(v.last.Newest).Before(v.opts.Before) {
		v.Cut = Cut{Link: v.last, Checkpoint: c}
	}
}

// loose looks at what has no place in the chain.
func (v *verifier) loose(ctx context.Context, reader Reader) error {
	checkpoints, err := reader.LooseCheckpoints(ctx, MaxFindings)
	if err != nil {
		return err
	}
	for _, c := range checkpoints {
		v.find(Finding{Kind: ChainCutOff, Seq: c.Seq, Checkpoint: c.No}, "checkpoint %d signs for place %d, which is not there", c.No, c.Seq)
	}
	after := uuid.Nil
	for {
		rows, err := reader.LooseRows(ctx, after, page)
		if err != nil {
			return err
		}
		for _, row := range rows {
			after = row.Entry.ID
			if tooOld(row.Entry.ID, v.last.Newest) {
				v.find(Finding{Kind: RowInserted, AuditID: row.Entry.ID}, "a row was put into the past; it has no place in the chain")
				continue
			}
			v.Pending++
		}
		if len(rows) < page {
			return nil
		}
	}
}

// close judges the chain's end.
func (v *verifier) close() {
	if v.Horizon.Drawn() && !v.met {
		v.find(Finding{Kind: ChainCutOff, Seq: v.Horizon.Base.Seq, Checkpoint: v.Horizon.Checkpoint}, "place %d with checkpoint %d, where the log is said to begin, is not there",
			v.Horizon.Base.Seq, v.Horizon.Checkpoint)
	}
	if a := v.opts.Anchor; a != nil && a.No > v.Last.No {
		v.find(Finding{Kind: ChainCutOff, Seq: a.Seq, Checkpoint: a.No}, "the chain ends at place %d and checkpoint %d; the anchor is number %d at place %d",
			v.last.Seq, v.Last.No, a.No, a.Seq)
	}
	if v.Checkpoints > 0 && !bytes.Equal(v.opts.PublicKey, v.Last.PublicKey) {
		v.find(Finding{Kind: UnknownSigner, Seq: v.Last.Seq, Checkpoint: v.Last.No},
			"the last checkpoint is not signed by this cell; one that a tenant brought along is followed by this cell's within seconds")
	}
	if v.Rows >= CheckpointRows && v.Checkpoints == 0 {
		v.find(Finding{Kind: CheckpointMissing}, "there is no checkpoint for %d places", v.Rows)
	}
}
