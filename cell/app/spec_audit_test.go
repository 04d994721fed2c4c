package app_test

import (
	"net/http"
	"regexp"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/coditect/platform/shared/cellapi"
)

// severalEntries says which operations leave more than one entry in the log,
// and why that is right.
var severalEntries = map[string]int{}

// readsOnly are operations that change nothing, although they are no GET.
var readsOnly = map[string]bool{"queryGraph": true}

var actionName = regexp.MustCompile(`^[a-z_]+\.[a-z_]+$`)

// Every operation that changes something leaves its entry in the log, by the
// same transaction; one that only reads leaves none.
func TestEveryMutationLeavesItsAuditEntry(t *testing.T) {
	t.Parallel()
	p := shared()
	for _, op := range operations(t) {
		t.Run(op.id, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, p)
			r := w.sample(op, w, nil)
			before := w.transactions(t)
			a := p.asTenant(t, w.tn, r)
			if a.status < 200 || a.status > 299 || a.header.Get(cellapi.HeaderRequestID) == "" {
				t.Fatalf("%d %v %s", a.status, a.header, a.body)
			}
			entries := w.entriesOf(t, a.header.Get(cellapi.HeaderRequestID))
			want := 1 + severalEntries[op.id]
			if op.method == http.MethodGet || readsOnly[op.id] {
				want = 0
			}
			if len(entries) != want {
				t.Fatalf("%d entries, want %d: an operation that changes something calls audit once in its transaction", len(entries), want)
			}
			for _, e := range entries {
				if e.Kind != "user" || !e.Actor || !actionName.MatchString(e.Action) {
					t.Errorf("%+v: want a user and an action such as project.created", e)
				}
			}
			for table, ids := range w.transactions(t) {
				for _, id := range ids {
					if !slices.Contains(before[table], id) && (len(entries) == 0 || id != entries[0].Transaction) {
						t.Errorf("%s was changed by transaction %s, the log by another: %+v", table, id, entries)
					}
				}
			}
		})
	}
}

type loggedEntry struct {
	Kind, Action, Transaction string
	Actor                     bool
}

func (w *world) entriesOf(t *testing.T, request string) []loggedEntry {
	t.Helper()
	rows, err := w.p.asSuperuser(t).Query(t.Context(), `SELECT actor_kind, action, xmin::text, actor_id IS NOT NULL FROM audit_logs
		WHERE tenant_id = $1 AND request_id = $2`, w.tn.id.String(), request)
	if err != nil {
		t.Fatal(err)
	}
	entries, err := pgx.CollectRows(rows, pgx.RowToStructByPos[loggedEntry])
	if err != nil {
		t.Fatal(err)
	}
	return entries
}

// transactions returns by which ones the tenant's rows, as they are, were
// written. Chain and checkpoints come by themselves, and so do the days on
// which keys were used.
func (w *world) transactions(t *testing.T) map[string][]string {
	t.Helper()
	found := map[string][]string{}
	for _, table := range []string{"organizations", "users", "workspaces", "projects", "audit_logs", "jobs", "webhook_endpoints", "webhook_deliveries"} {
		rows, err := w.p.asSuperuser(t).Query(t.Context(), `SELECT DISTINCT xmin::text FROM `+table+` WHERE tenant_id = $1`, w.tn.id.String())
		if err != nil {
			t.Fatal(err)
		}
		if found[table], err = pgx.CollectRows(rows, pgx.RowTo[string]); err != nil {
			t.Fatal(err)
		}
	}
	return found
}
