package fakecell

import (
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/gorilla/mux"

	"github.com/coditect/platform/shared/cellapi"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/tenancy"
)

// auditLogs are the checkpoints that the cell hands out.
type auditLogs struct {
	checkpoints []cellapi.Checkpoint
	pages       int // handed out
}

func (c *Cell) auditRoutes(r *mux.Router) {
	r.HandleFunc("/internal/v1/audit-checkpoints", c.handle(c.listCheckpoints)).Methods(http.MethodGet)
	r.HandleFunc("/internal/v1/tenants/{id}/audit-verification", c.handle(c.verifyAudit)).Methods(http.MethodPost)
}

// Sign adds a checkpoint of a tenant's log, which follows the tenant's last one,
// and returns it.
func (c *Cell) Sign(id tenancy.ID, at time.Time) cellapi.Checkpoint {
	c.mu.Lock()
	defer c.mu.Unlock()
	next := cellapi.Checkpoint{Tenant: id, No: 1, Seq: 10, Hash: [32]byte{1}, Cell: c.ID, SignedAt: at.UTC().Truncate(time.Microsecond)}
	for _, last := range slices.Backward(c.checkpoints) {
		if last.Tenant == id {
			next.No, next.Seq, next.Previous = last.No+1, last.Seq+10, last.Digest()
			break
		}
	}
	next.Hash[1] = byte(next.No)
	next.Sign(cellapi.CheckpointKey(c.key))
	c.checkpoints = append(c.checkpoints, next)
	return next
}

// Forget removes the tenant's checkpoints behind a number, as somebody does who
// owns the cell's database.
func (c *Cell) Forget(id tenancy.ID, behind int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.checkpoints = slices.DeleteFunc(c.checkpoints, func(k cellapi.Checkpoint) bool { return k.Tenant == id && k.No > behind })
}

// Forge adds a checkpoint as it is.
func (c *Cell) Forge(k cellapi.Checkpoint) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.checkpoints = append(c.checkpoints, k)
}

// Pages returns how many pages of checkpoints were handed out.
func (c *Cell) Pages() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.pages
}

func (c *Cell) listCheckpoints(r *http.Request) (any, error) {
	var since time.Time
	var err error
	if text := r.URL.Query().Get("since"); text != "" {
		if since, err = time.Parse(time.RFC3339Nano, text); err != nil {
			return nil, fault.Wrap(err, fault.Invalid, "not a time")
		}
	}
	limit, err := strconv.Atoi(r.URL.Query().Get("limit"))
	if err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "not a limit")
	}
	c.pages++
	page := []cellapi.Checkpoint{}
	sorted := slices.SortedStableFunc(slices.Values(c.checkpoints), func(a, b cellapi.Checkpoint) int { return a.SignedAt.Compare(b.SignedAt) })
	for _, k := range sorted {
		if !k.SignedAt.Before(since) && len(page) < limit {
			page = append(page, k)
		}
	}
	return map[string]any{"items": page}, nil
}

// verifyAudit misses an anchor that is not among the cell's own.
func (c *Cell) verifyAudit(r *http.Request) (any, error) {
	var in struct {
		Anchor *cellapi.Checkpoint `json:"anchor"`
	}
	id, err := read(r, &in)
	if err != nil {
		return nil, err
	}
	intact := in.Anchor == nil || slices.ContainsFunc(c.checkpoints, func(k cellapi.Checkpoint) bool {
		return k.Tenant == id && k.No == in.Anchor.No && k.Digest() == in.Anchor.Digest()
	})
	findings := []any{}
	if !intact {
		findings = append(findings, map[string]any{"kind": "chain_cut_off", "message": "the anchor is not there", "checkpoint": in.Anchor.No})
	}
	return map[string]any{"intact": intact, "entries": 1, "pending": 0, "checkpoints": 1, "signed_to": 1, "findings": findings}, nil
}
