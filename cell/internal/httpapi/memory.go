package httpapi

import (
	"context"
	"crypto/sha256"
	"net/http"
	"time"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/shared/cellapi"
	"github.com/coditect/platform/shared/web"
)

// Memory remembers answers; see package rediscache. It is an interface because
// edges do not know each other.
type Memory interface {
	Look(ctx context.Context, q cell.Question) cell.Remembered
	Keep(ctx context.Context, q cell.Question, known cell.Remembered, f cell.Finding)
}

// headerCacheStatus says that an answer comes from memory (RFC 9211).
const headerCacheStatus = "Cache-Status"

// noMemory is that of a cell without Redis.
type noMemory struct{}

func (noMemory) Look(context.Context, cell.Question) cell.Remembered                { return cell.Remembered{} }
func (noMemory) Keep(context.Context, cell.Question, cell.Remembered, cell.Finding) {}

// remembering answers cacheable requests from memory, before the validator: a
// target that has a remembered answer was valid.
type remembering struct {
	memory     Memory
	operations cacheables
	flights    flights
}

func (m *remembering) wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if op, ok := m.operations.find(r); ok {
			web.NoteRoute(r.Context(), op.route)
			m.serve(w, r, op, next)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (m *remembering) serve(w http.ResponseWriter, r *http.Request, op cacheable, next http.Handler) {
	call, ctx := callFrom(r.Context()), r.Context()
	q := cell.Question{
		Tenant: call.Tenant, Epoch: call.Epoch, Credential: credentialOf(call), Target: r.URL.RequestURI(), Layer: op.layer,
	}
	known := m.memory.Look(ctx, q)
	permitted := permits(known.Actor, call, op.permission)
	switch {
	case permitted && known.Answer != nil:
		call.Allowed = true
		w.Header().Set(headerCacheStatus, "cell; hit")
		sendConditional(w, r, *known.Answer, known.Epoch)
		return
	case !known.Open:
		find(call, r, next).sendTo(w, r)
		return
	}
	key := flightKey{data: known.Data, epoch: q.Epoch, target: q.Target}
	if !permitted {
		key.credential = wholeCredential(r)
	}
	flight, leads := m.flights.join(key)
	if leads {
		m.lead(w, r, flight, key, q, known, next)
		return
	}
	select {
	case <-flight.landed:
	case <-ctx.Done():
	}
	// After a shared failure everybody asks for itself: it may have been the leader's own.
	if ctx.Err() == nil && flight.answer != nil {
		call.Allowed = true
		sendConditional(w, r, *flight.answer, flight.epoch)
		return
	}
	find(call, r, next).sendTo(w, r)
}

func (m *remembering) lead(w http.ResponseWriter, r *http.Request, f *flight, key flightKey, q cell.Question, known cell.Remembered, next http.Handler) {
	defer m.flights.land(key) // also if the handler panics
	start := time.Now()
	call := callFrom(r.Context())
	found := find(call, r, next)
	if found.good {
		f.answer, f.epoch = &found.answer, call.ServedEpoch
		finding := cell.Finding{Answer: found.answer, Epoch: call.ServedEpoch, Took: time.Since(start)}
		if q.Credential != nil {
			actor := call.Admitted
			actor.Token = nil // that is the request's own
			finding.Actor = &actor
		}
		m.memory.Keep(r.Context(), q, known, finding)
	}
	found.sendTo(w, r)
}

// permits judges a remembered actor; a machine's rights are its token's. A key
// may have ended since it was remembered.
func permits(remembered *cell.Actor, call *cell.Call, p cell.Permission) bool {
	var actor cell.Actor
	switch {
	case remembered != nil:
		if actor = *remembered; !actor.Until.IsZero() && !time.Now().Before(actor.Until) {
			return false
		}
	case call.Token == nil || !call.Token.Machine:
		return false
	}
	actor.Token = call.Token
	return actor.Has(p)
}

// credentialOf names whose rights stand in the database.
func credentialOf(call *cell.Call) []byte {
	switch t := call.Token; {
	case t == nil:
		return append([]byte{'k'}, call.KeyHash...)
	case t.Machine:
		return nil
	default:
		return append([]byte{'u'}, t.UserID[:]...)
	}
}

// wholeCredential tells apart what the cell would judge differently.
func wholeCredential(r *http.Request) string {
	sum := sha256.Sum256([]byte(r.Header.Get("Authorization") + "\n" + r.Header.Get(cellapi.HeaderPrincipal)))
	return string(sum[:])
}

// found is what the handler answered.
type found struct {
	held   *heldAnswer
	call   *cell.Call
	answer cell.Answer // if good
	good   bool        // it is a 200 of which everything is known
}

// find has the handler answer, and gives the answer an entity tag.
func find(call *cell.Call, r *http.Request, next http.Handler) found {
	f := found{held: &heldAnswer{header: http.Header{}}, call: call}
	next.ServeHTTP(f.held, r)
	h := f.held.header
	f.answer = cell.Answer{Status: f.held.status, ETag: h.Get("ETag"), MediaType: h.Get("Content-Type"), Body: f.held.body.Bytes()}
	f.good = f.answer.Status == http.StatusOK && onlyKnown(h)
	if f.good && f.answer.ETag == "" {
		f.answer.ETag = bodyTag(f.answer.Body)
	}
	return f
}

func (f found) sendTo(w http.ResponseWriter, r *http.Request) {
	if f.good {
		sendConditional(w, r, f.answer, f.call.ServedEpoch)
		return
	}
	f.held.send(w)
}

// onlyKnown reports whether an answer has no header but those that are
// remembered: one with others would not be the same when it is repeated.
func onlyKnown(h http.Header) bool {
	for name := range h {
		switch name {
		case "Etag", "Content-Type", cellapi.HeaderTenantEpoch:
		default:
			return false
		}
	}
	return true
}
