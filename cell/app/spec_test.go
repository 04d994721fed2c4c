package app_test

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/shared/fault"
)

// These tests walk the API's document: an operation that is added to it is
// tried by them, or they fail and say what they need to know of it.

// Every operation is tried with every built-in role and two that the tenant
// made: one has just the permission that the document declares besides those of
// a viewer, the other has all but that one.
func TestEveryOperationWithEveryRole(t *testing.T) {
	t.Parallel()
	p := shared()
	for _, op := range operations(t) {
		t.Run(op.id, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, p)
			for name, role := range w.rolesAround(op.permission) {
				may := op.permission == cell.Public || op.permission == cell.Anyone || role.grant.Has(op.permission)
				a := p.asTenant(t, w.as(role.user), w.sample(op, w, nil))
				switch {
				case may && (a.status < 200 || a.status > 299):
					t.Errorf("%s may, yet: %d %s\nIf the request is at fault: give its schema examples in openapi.yaml, or add it to bodies or makers in spec_world_test.go.",
						name, a.status, a.body)
				case !may && (a.status != http.StatusForbidden || a.code() != string(fault.Forbidden)):
					t.Errorf("%s may not, yet: %d %s", name, a.status, a.body)
				}
			}
		})
	}
}

// Without a credential, or with one of another tenant, only public operations
// are done.
func TestEveryOperationWithoutCredential(t *testing.T) {
	t.Parallel()
	p := shared()
	for _, op := range operations(t) {
		t.Run(op.id, func(t *testing.T) {
			t.Parallel()
			w, other := newWorld(t, p), p.admit(t)
			credentials := map[string][]string{
				"none": nil, "empty": {""}, "another tenant's": {"Bearer " + other.key}, "unknown": {"Bearer " + newKey(w.tn.id)},
				"two": {"Bearer " + w.tn.key, "Bearer " + w.tn.key}, "basic": {"Basic YTpi"},
			}
			if op.permission == cell.Public {
				for name, credential := range credentials {
					if a := w.showing(t, w.sample(op, w, nil), credential); a.status < 200 || a.status > 299 {
						t.Errorf("%s, public: %d %s", name, a.status, a.body)
					}
				}
				return
			}
			r := w.sample(op, w, nil)
			before := w.digest(t)
			for name, credential := range credentials {
				a := w.showing(t, r, credential)
				if a.status != http.StatusUnauthorized || a.code() != string(fault.Unauthenticated) || a.header.Get("WWW-Authenticate") == "" {
					t.Errorf("%s: %d %v %s", name, a.status, a.header, a.body)
				}
			}
			if w.digest(t) != before {
				t.Error("401, and something changed")
			}
		})
	}
}

func (w *world) showing(t *testing.T, r request, credential []string) answer {
	t.Helper()
	r.header = http.Header{"Authorization": credential}
	return w.p.asTenant(t, w.tn, r)
}

// Ids of another tenant are no ids here: in each place of a path 404, in a body
// a refusal, and in neither tenant anything changes.
func TestEveryOperationWithForeignIDs(t *testing.T) {
	t.Parallel()
	p := shared()
	for _, op := range operations(t) {
		t.Run(op.id, func(t *testing.T) {
			t.Parallel()
			for foreign := range subsets(op.params) {
				mine, theirs := newWorld(t, p), newWorld(t, p)
				a, changed := mine.tryForeign(t, theirs, mine.sample(op, theirs, foreign))
				if a.status != http.StatusNotFound || a.code() != string(fault.NotFound) || changed {
					t.Errorf("foreign %v: %d %s, changed %v", slices.Collect(maps.Keys(foreign)), a.status, a.body, changed)
				}
			}
			mine, theirs := newWorld(t, p), newWorld(t, p)
			places := mine.idsInBody(op)
			for _, place := range places {
				a, changed := mine.tryForeign(t, theirs, mine.sample(op, theirs, map[string]bool{place: true}))
				if a.status < 400 || a.status > 499 || a.status == http.StatusForbidden || changed {
					t.Errorf("foreign %s in the body: %d %s, changed %v", place, a.status, a.body, changed)
				}
			}
		})
	}
}

// tryForeign sends the request as the world's owner and reports whether
// anything changed in one of the two.
func (w *world) tryForeign(t *testing.T, theirs *world, r request) (answer, bool) {
	t.Helper()
	before := w.digest(t) + theirs.digest(t)
	a := w.p.asTenant(t, w.tn, r)
	return a, w.digest(t)+theirs.digest(t) != before
}

// What an unknown id names is not there either.
func TestEveryOperationWithUnknownIDs(t *testing.T) {
	t.Parallel()
	p := shared()
	for _, op := range operations(t) {
		if len(op.params) == 0 {
			continue
		}
		t.Run(op.id, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, p)
			r := w.sample(op, w, nil)
			r.target = op.path
			for _, param := range op.params {
				r.target = strings.Replace(r.target, "{"+param+"}", uuid.NewString(), 1)
			}
			if a := p.asTenant(t, w.tn, r); a.status != http.StatusNotFound || a.code() != string(fault.NotFound) {
				t.Errorf("%d %s", a.status, a.body)
			}
		})
	}
}

// subsets yields every choice of some of the names.
func subsets(names []string) func(func(map[string]bool) bool) {
	return func(yield func(map[string]bool) bool) {
		for bits := 1; bits < 1<<len(names); bits++ {
			chosen := map[string]bool{}
			for i, name := range names {
				if bits&(1<<i) != 0 {
					chosen[name] = true
				}
			}
			if !yield(chosen) {
				return
			}
		}
	}
}
