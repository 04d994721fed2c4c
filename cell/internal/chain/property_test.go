package chain_test

import (
	"bytes"
	"context"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/cell/internal/chain"
	"github.com/coditect/platform/shared/tenancy"
)

// log is one tenant's log and chain in memory; it implements chain.Reader.
type log struct {
	rows        []cell.AuditRow // in the order of ids
	links       []cell.Link
	checkpoints []cell.Checkpoint
	horizon     cell.Horizon
}

func (l *log) Horizon(context.Context) (cell.Horizon, error) { return l.horizon, nil }

func (l *log) ChainPage(_ context.Context, after int64, limit int) ([]cell.ChainRecord, error) {
	var records []cell.ChainRecord
	for _, link := range l.links {
		if link.Seq <= after || len(records) == limit {
			continue
		}
		r := cell.ChainRecord{Link: link}
		if i := slices.IndexFunc(l.rows, func(row cell.AuditRow) bool { return row.Entry.ID == link.AuditID }); i >= 0 {
			r.Row = &l.rows[i]
		}
		if i := slices.IndexFunc(l.checkpoints, func(c cell.Checkpoint) bool { return c.Seq == link.Seq }); i >= 0 {
			r.Checkpoint = &l.checkpoints[i]
		}
		records = append(records, r)
	}
	return records, nil
}

func (l *log) LooseRows(_ context.Context, after uuid.UUID, _ int) ([]cell.AuditRow, error) {
	var rows []cell.AuditRow
	for _, row := range l.rows {
		if row.Entry.ID.String() > after.String() && !slices.ContainsFunc(l.links, func(link cell.Link) bool { return link.AuditID == row.Entry.ID }) {
			rows = append(rows, row)
		}
	}
	return rows, nil
}

func (l *log) LooseCheckpoints(context.Context, int) ([]cell.Checkpoint, error) {
	var loose []cell.Checkpoint
	for _, c := range l.checkpoints {
		if !slices.ContainsFunc(l.links, func(link cell.Link) bool { return link.Seq == c.Seq }) {
			loose = append(loose, c)
		}
	}
	return loose, nil
}

func (l *log) end() (end cell.ChainEnd) {
	if n := len(l.links); n > 0 {
		end.Link = l.links[n-1]
	}
	if n := len(l.checkpoints); n > 0 {
		end.Checkpoint = l.checkpoints[n-1]
	}
	return end
}

var (
	tenant = tenancy.NewID()
	key    = bytes.Repeat([]byte{7}, 32)
	begin  = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
)

func rowAt(t *rapid.T, at time.Time) cell.AuditRow {
	id := cell.FirstIDAt(at)
	random := uuid.New()
	copy(id[6:], random[6:])
	return cell.AuditRow{Tenant: tenant, Details: rapid.SampledFrom([]string{`{}`, `{"name": "x"}`, `{"name": "y"}`}).Draw(t, "details"), Entry: cell.AuditEntry{
		ID: id, At: at, ActorKind: cell.ActorUser, ActorID: uuid.New(), Action: "project.created", SubjectType: "project", SubjectID: uuid.New(), RequestID: "r",
	}}
}

// history makes a log that was sealed now and then, with at least one checkpoint.
func history(t *rapid.T) (*log, *chain.Signer, time.Time) {
	now := begin
	signer := chain.NewSigner("cell-a", key, func() time.Time { return now })
	l := &log{}
	for range rapid.IntRange(1, 6).Draw(t, "sealings") {
		var fresh []cell.AuditRow
		for range rapid.IntRange(1, 8).Draw(t, "rows") {
			now = now.Add(time.Second)
			fresh = append(fresh, rowAt(t, now))
		}
		l.rows = append(l.rows, fresh...)
		now = now.Add(time.Duration(rapid.IntRange(0, 6).Draw(t, "minutes")) * time.Minute)
		made := signer.Seal(l.end(), cell.AuditBatch{Tenant: tenant, Rows: fresh})
		l.links = append(l.links, made.Links...)
		if made.Checkpoint != nil {
			l.checkpoints = append(l.checkpoints, *made.Checkpoint)
		}
	}
	return l, signer, now
}

func verify(t *rapid.T, l *log, opts chain.Options) chain.Report {
	report, err := chain.Verify(context.Background(), l, opts)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func TestAnHonestLogIsIntact(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		l, signer, _ := history(t)
		anchor := rapid.SampledFrom(l.checkpoints).Draw(t, "anchor")
		r := verify(t, l, chain.Options{PublicKey: signer.PublicKey(), Anchor: &anchor})
		if !r.Intact() || r.Rows != int64(len(l.rows)) || r.Pending != 0 || r.SignedTo == 0 {
			t.Fatalf("%+v", r)
		}
	})
}

// tamperings are what somebody does who owns the database, but no key.
var tamperings = map[string]func(*rapid.T, *log, time.Time){
	"change a row": func(t *rapid.T, l *log, _ time.Time) {
		e := &l.rows[rapid.IntRange(0, len(l.rows)-1).Draw(t, "row")]
		rapid.SampledFrom([]func(){
			func() { e.Details = `{"name": "z"}` }, func() { e.Entry.At = e.Entry.At.Add(time.Microsecond) }, func() { e.Entry.ActorID = uuid.New() },
			func() { e.Entry.ActorKind = cell.ActorSystem }, func() { e.Entry.Action += "x" }, func() { e.Entry.SubjectID = uuid.New() },
			func() { e.Entry.SubjectType += "x" }, func() { e.Entry.RequestID += "x" }, func() { e.Entry.Client += "x" }, func() { e.Entry.Subject += "x" },
			func() { e.Entry.ID = uuid.New() },
		}).Draw(t, "field")()
	},
	"remove a row": func(t *rapid.T, l *log, _ time.Time) {
		i := rapid.IntRange(0, len(l.rows)-1).Draw(t, "row")
		l.rows = slices.Delete(l.rows, i, i+1)
	},
	"remove a row and close the gap": func(t *rapid.T, l *log, _ time.Time) {
		i := rapid.IntRange(0, len(l.rows)-1).Draw(t, "row")
		l.rows = slices.Delete(l.rows, i, i+1)
		rechain(l)
	},
	"insert a row into the past": func(t *rapid.T, l *log, now time.Time) {
		l.rows = slices.Insert(l.rows, 0, rowAt(t, now.Add(-2*chain.Grace)))
	},
	"insert a row and chain it": func(t *rapid.T, l *log, _ time.Time) {
		i := rapid.IntRange(0, int(l.checkpoints[len(l.checkpoints)-1].Seq)-1).Draw(t, "row")
		l.rows = slices.Insert(l.rows, i, rowAt(t, l.rows[i].Entry.At.Add(-time.Millisecond)))
		rechain(l)
	},
	"exchange two rows": func(t *rapid.T, l *log, now time.Time) {
		for len(l.rows) < 2 {
			l.rows = append(l.rows, rowAt(t, now))
			l.links = append(l.links, l.end().Link.Next(l.rows[1]))
		}
		i := rapid.IntRange(0, len(l.rows)-2).Draw(t, "row")
		l.links[i].AuditID, l.links[i+1].AuditID = l.links[i+1].AuditID, l.links[i].AuditID
	},
	"cut off what was signed": func(t *rapid.T, l *log, _ time.Time) {
		n := rapid.IntRange(0, int(l.checkpoints[len(l.checkpoints)-1].Seq)-1).Draw(t, "places")
		l.links, l.rows = l.links[:n], l.rows[:n]
	},
	"cut off what was signed and the checkpoints": func(t *rapid.T, l *log, _ time.Time) {
		n := rapid.IntRange(0, int(l.checkpoints[len(l.checkpoints)-1].Seq)-1).Draw(t, "places")
		l.links, l.rows = l.links[:n], l.rows[:n]
		l.checkpoints = slices.DeleteFunc(l.checkpoints, func(c cell.Checkpoint) bool { return c.Seq > int64(n) })
	},
	"remove a checkpoint": func(t *rapid.T, l *log, _ time.Time) {
		i := rapid.IntRange(0, len(l.checkpoints)-1).Draw(t, "checkpoint")
		l.checkpoints = slices.Delete(l.checkpoints, i, i+1)
	},
	"remove a link": func(t *rapid.T, l *log, _ time.Time) {
		i := rapid.IntRange(0, int(l.checkpoints[len(l.checkpoints)-1].Seq)-1).Draw(t, "link")
		l.links = slices.Delete(l.links, i, i+1)
	},
	"rewrite all of it and sign with another key": func(t *rapid.T, l *log, now time.Time) {
		l.rows[0].Details = `{"name": "z"}`
		rechain(l)
		forger := chain.NewSigner("cell-a", bytes.Repeat([]byte{8}, 32), func() time.Time { return now })
		made := forger.Seal(cell.ChainEnd{}, cell.AuditBatch{Tenant: tenant, Rows: l.rows})
		l.checkpoints = []cell.Checkpoint{*made.Checkpoint}
	},
	"rewrite the checkpoint": func(t *rapid.T, l *log, _ time.Time) {
		c := &l.checkpoints[rapid.IntRange(0, len(l.checkpoints)-1).Draw(t, "checkpoint")]
		rapid.SampledFrom([]func(){
			func() { c.Hash[3]++ }, func() { c.Previous[3]++ }, func() { c.Cell += "x" }, func() { c.SignedAt = c.SignedAt.Add(time.Second) },
		}).Draw(t, "field")()
	},
}

// rechain makes links over the rows as they are.
func rechain(l *log) {
	var last cell.Link
	l.links = nil
	for _, row := range l.rows {
		last = last.Next(row)
		l.links = append(l.links, last)
	}
}

// Every tampering behind the newest checkpoint is found by who kept that one.
func TestEveryTamperingIsFound(t *testing.T) {
	t.Parallel()
	for name, tamper := range tamperings {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(t *rapid.T) {
				l, signer, now := history(t)
				anchor := l.checkpoints[len(l.checkpoints)-1]
				l.links, l.rows = l.links[:anchor.Seq], l.rows[:anchor.Seq] // what is not signed for can be replaced
				tamper(t, l, now)
				if r := verify(t, l, chain.Options{PublicKey: signer.PublicKey(), Anchor: &anchor}); r.Intact() {
					t.Fatalf("nothing found: %+v", r)
				}
			})
		})
	}
}

// trimmed is a history whose beginning is kept no longer: a horizon is drawn,
// and of what is before it a part is removed, perhaps all.
func trimmed(t *rapid.T) (*log, *chain.Signer) {
	l, signer, now := history(t)
	r := verify(t, l, chain.Options{PublicKey: signer.PublicKey(), Before: now.Add(2 * chain.Grace)})
	at := r.Cut
	if rapid.Bool().Draw(t, "not the last") {
		c := rapid.SampledFrom(l.checkpoints).Draw(t, "horizon")
		at = chain.Cut{Link: l.links[c.Seq-1], Checkpoint: c}
	}
	l.horizon = signer.Draw(tenant, at, now)
	removed := rapid.IntRange(0, int(at.Link.Seq)).Draw(t, "removed")
	gone := l.links[:removed]
	l.rows = slices.DeleteFunc(l.rows, func(row cell.AuditRow) bool {
		return slices.ContainsFunc(gone, func(link cell.Link) bool { return link.AuditID == row.Entry.ID })
	})
	l.links = l.links[max(0, removed-1):]
	l.checkpoints = slices.DeleteFunc(l.checkpoints, func(c cell.Checkpoint) bool { return c.Seq < int64(removed) })
	return l, signer
}

func TestATrimmedLogIsIntact(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		l, signer := trimmed(t)
		if r := verify(t, l, chain.Options{PublicKey: signer.PublicKey()}); !r.Intact() || r.Rows != int64(len(l.rows)) || r.Pending != 0 {
			t.Fatalf("%+v", r)
		}
	})
}

// misdeeds are what nobody is allowed by a horizon. Each returns false if the
// log has nothing to which it could be done.
var misdeeds = map[string]func(*rapid.T, *log) bool{
	"remove a row": func(t *rapid.T, l *log) bool {
		behind := slices.DeleteFunc(slices.Clone(l.links), func(link cell.Link) bool { return link.Seq <= l.horizon.Base.Seq })
		if len(behind) == 0 {
			return false
		}
		gone := rapid.SampledFrom(behind).Draw(t, "row").AuditID
		l.rows = slices.DeleteFunc(l.rows, func(row cell.AuditRow) bool { return row.Entry.ID == gone })
		return true
	},
	"change a row": func(t *rapid.T, l *log) bool {
		if len(l.rows) == 0 {
			return false
		}
		l.rows[rapid.IntRange(0, len(l.rows)-1).Draw(t, "row")].Details = `{"name": "z"}`
		return true
	},
	"begin behind the horizon": func(t *rapid.T, l *log) bool {
		last := l.checkpoints[len(l.checkpoints)-1].Seq
		if l.horizon.Base.Seq >= last {
			return false
		}
		begin := rapid.Int64Range(l.horizon.Base.Seq+1, last).Draw(t, "begin")
		l.links = slices.DeleteFunc(l.links, func(link cell.Link) bool { return link.Seq < begin })
		l.rows = slices.DeleteFunc(l.rows, func(row cell.AuditRow) bool {
			return !slices.ContainsFunc(l.links, func(link cell.Link) bool { return link.AuditID == row.Entry.ID })
		})
		l.checkpoints = slices.DeleteFunc(l.checkpoints, func(c cell.Checkpoint) bool { return c.Seq < begin })
		return true
	},
	"change the base": func(t *rapid.T, l *log) bool {
		if l.links[0].Seq == 1 && len(l.rows) > 0 && l.rows[0].Entry.ID == l.links[0].AuditID {
			return false // it is no base
		}
		l.links[0].Hash[5]++
		return true
	},
	"move the horizon": func(t *rapid.T, l *log) bool {
		rapid.SampledFrom([]func(){
			func() { l.horizon.Base.Seq++ }, func() { l.horizon.Base.Hash[5]++ }, func() { l.horizon.Base.AuditID = uuid.New() },
			func() { l.horizon.Base.Newest = uuid.New() }, func() { l.horizon.Checkpoint++ }, func() { l.horizon.Digest[5]++ },
			func() { l.horizon.Before = l.horizon.Before.Add(time.Hour) }, func() { l.horizon.Cell += "x" }, func() { l.horizon.Tenant = tenancy.NewID() },
		}).Draw(t, "field")()
		return true
	},
	"sign it with another key": func(t *rapid.T, l *log) bool {
		forger := chain.NewSigner("cell-a", bytes.Repeat([]byte{8}, 32), time.Now)
		l.horizon = forger.Draw(tenant, chain.Cut{Link: l.horizon.Base}, l.horizon.Before)
		return true
	},
}

func TestEveryMisdeedAtATrimmedLogIsFound(t *testing.T) {
	t.Parallel()
	for name, misdeed := range misdeeds {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(t *rapid.T) {
				l, signer := trimmed(t)
				anchor := l.checkpoints[len(l.checkpoints)-1]
				if !misdeed(t, l) {
					return
				}
				if r := verify(t, l, chain.Options{PublicKey: signer.PublicKey(), Anchor: &anchor}); r.Intact() {
					t.Fatalf("nothing found: %+v", r)
				}
			})
		})
	}
}
