package citus_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/cell/internal/citus"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/testkit"
)

// Thousands of tenants share four connections, and two of the server behind
// PgBouncer, while requests fail, are rolled back, hang up and panic in between.
// No answer ever holds a row of another tenant, and whoever has no context sees
// no row, on the very connections that just had one.
func TestInterleavedTenantsDoNotLeak(t *testing.T) {
	t.Parallel()
	db, bouncer := pooled(t, 2)
	direct, err := citus.OpenStore(testkit.Context(t), testkit.DSNAs(t, db.dsn, citus.AppRole, passwords.App), 4)
	must(t, err)
	t.Cleanup(direct.Close)
	all := &crowd{stores: []*citus.Store{direct, db.store}, tenants: make([]cell.Arrival, 2000)}
	for i := range all.tenants {
		all.tenants[i] = arrival()
		all.tenants[i].OwnerEmail = all.tenants[i].TenantID.String() + "@example.org"
		all.tenants[i].Organization = all.tenants[i].TenantID.String()
	}
	_, err = db.mover.Admit(t.Context(), all.tenants, "test")
	must(t, err)
	var workers sync.WaitGroup
	const together = 16
	for w := range together {
		workers.Go(func() {
			dice := rand.New(rand.NewPCG(uint64(w), 1))
			for i := w; i < len(all.tenants); i += together {
				if err := all.step(t.Context(), dice, i); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	workers.Go(func() { withoutContext(t, testkit.DSNAs(t, db.dsn, citus.AppRole, passwords.App)) })
	workers.Go(func() { withoutContext(t, bouncer) })
	workers.Wait()
	all.wantOwnRowsOnly(t, db)
}

// crowd is tenants whose every text is, or begins with, their id.
type crowd struct {
	stores  []*citus.Store
	tenants []cell.Arrival

	mu                                        sync.Mutex
	answered, refused, rolledBack, hung, died int
}

func (c *crowd) count(what *int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	*what++
}

// step does something for one of the tenants over one of the ways. Its error
// says what went wrong that should not.
func (c *crowd) step(ctx context.Context, dice *rand.Rand, i int) error {
	store, a := c.stores[dice.IntN(len(c.stores))], c.tenants[i*7%len(c.tenants)]
	var err error
	switch dice.IntN(12) {
	case 0:
		other := c.tenants[dice.IntN(len(c.tenants))]
		if other.TenantID == a.TenantID {
			return nil
		}
		foreign := by(a, cell.WorkspacesRead)
		foreign.KeyHash = other.OwnerKeyHash
		_, err = store.ListWorkspaces(ctx, foreign, uuid.Nil, cell.PageRequest{Limit: 10})
		if fault.CodeOf(err) != fault.Unauthenticated {
			return fmt.Errorf("another tenant's key: %w", err)
		}
		c.count(&c.refused)
		return nil
	case 1:
		if err = c.write(ctx, store, a, "taken"); err == nil || fault.CodeOf(err) == fault.Conflict {
			if err = c.write(ctx, store, a, "TAKEN"); fault.CodeOf(err) != fault.Conflict {
				return fmt.Errorf("a name that is taken: %w", err)
			}
			c.count(&c.rolledBack)
			err = nil
		}
	case 2:
		hurried, hangUp := context.WithTimeout(ctx, time.Duration(dice.IntN(3000))*time.Microsecond)
		if dice.IntN(2) == 0 {
			hurried, hangUp = context.WithCancel(ctx)
			time.AfterFunc(time.Duration(dice.IntN(3000))*time.Microsecond, hangUp)
		}
		defer hangUp()
		if err = c.write(hurried, store, a, fmt.Sprint("hurried ", i)); err == nil {
			err = c.read(hurried, store, a, dice)
		}
		if late := hurried.Err() != nil || fault.CodeOf(err) == fault.Timeout; late && err != nil && !isLeak(err) {
			c.count(&c.hung)
			err = nil
		}
	case 3:
		err = c.panics(ctx, store, a)
	default:
		err = c.write(ctx, store, a, fmt.Sprint("step ", i))
	}
	if err != nil {
		return err
	}
	return c.read(ctx, store, a, dice)
}

func (c *crowd) write(ctx context.Context, store *citus.Store, a cell.Arrival, name string) error {
	full := a.TenantID.String() + " " + name
	made, err := store.CreateWorkspace(ctx, by(a, cell.WorkspacesWrite), cell.Workspace{ID: newID(), Name: full}, cell.AuditEntry{
		Action: "workspace.created", SubjectType: "workspace", SubjectID: newID(), Details: map[string]any{"name": full},
	})
	if err == nil && made.Name != full {
		return leak{a, made.Name}
	}
	return err
}

// read asks for one kind of things of a tenant, chosen by the dice.
func (c *crowd) read(ctx context.Context, store *citus.Store, a cell.Arrival, dice *rand.Rand) error {
	page := cell.PageRequest{Limit: 100}
	var texts []string
	var err error
	switch dice.IntN(4) {
	case 0:
		var list []cell.Workspace
		list, err = store.ListWorkspaces(ctx, by(a, cell.WorkspacesRead), uuid.Nil, page)
		for _, w := range list {
			texts = append(texts, w.Name)
		}
	case 1:
		var organization cell.Organization
		organization, err = store.GetOrganization(ctx, by(a, cell.OrganizationRead))
		texts = []string{organization.TenantID.String(), organization.Name}
	case 2:
		var users []cell.User
		users, err = store.ListUsers(ctx, by(a, cell.UsersRead), cell.UserFilter{}, page)
		for _, u := range users {
			texts = append(texts, u.Email)
		}
		if err == nil && len(users) != 1 {
			return fmt.Errorf("tenant %s sees %d users of its one", a.TenantID, len(users))
		}
	case 3:
		var entries []cell.AuditEntry
		entries, err = store.ListAudit(ctx, by(a, cell.AuditRead), cell.AuditFilter{Action: "workspace.created"}, page)
		for _, e := range entries {
			texts = append(texts, fmt.Sprint(e.Details["name"]))
		}
	}
	if err != nil {
		return err
	}
	for _, text := range texts {
		if !strings.HasPrefix(text, a.TenantID.String()) {
			return leak{a, text}
		}
	}
	c.count(&c.answered)
	return nil
}

// panics reads everything of a tenant and does not get to its end.
func (c *crowd) panics(ctx context.Context, store *citus.Store, a cell.Arrival) (err error) {
	defer func() {
		if got := recover(); got != errMidway {
			err = fmt.Errorf("recovered from %v after %w", got, err)
		}
		c.count(&c.died)
	}()
	call := by(a, cell.Public)
	call.System = true
	return store.ReadContent(ctx, call, func(*citus.Content) error { panic(errMidway) })
}

const errMidway = "midway"

// leak is an answer with what is not the tenant's.
type leak struct {
	a    cell.Arrival
	text string
}

func (l leak) Error() string { return fmt.Sprintf("tenant %s sees %q", l.a.TenantID, l.text) }

func isLeak(err error) bool {
	_, is := err.(leak) //nolint:errorlint // nothing wraps it
	return is
}

// withoutContext asks for rows without saying for whom, between the others.
func withoutContext(t *testing.T, dsn string) {
	cfg, err := pgx.ParseConfig(dsn)
	if err != nil {
		t.Error(err)
		return
	}
	cfg.DefaultQueryExecMode = pgx.QueryExecModeSimpleProtocol // prepares nothing
	conn, err := pgx.ConnectConfig(t.Context(), cfg)
	if err != nil {
		t.Error(err)
		return
	}
	defer conn.Close(context.WithoutCancel(t.Context()))
	for range 20 {
		for _, table := range []string{"tenants", "organizations", "users", "workspaces", "audit_logs", "api_keys"} {
			var n int
			if err := conn.QueryRow(t.Context(), `SELECT count(*) FROM `+table).Scan(&n); err != nil || n != 0 {
				t.Errorf("%d rows of %s without context, %v", n, table, err)
				return
			}
		}
	}
}

// wantOwnRowsOnly looks at what was written, past every policy, and at whether
// all that was meant to happen did.
func (c *crowd) wantOwnRowsOnly(t *testing.T, db *database) {
	t.Helper()
	astray := query(t, db.dsn, `SELECT tenant_id || ' has ' || name FROM workspaces WHERE name NOT LIKE tenant_id || ' %'
		UNION ALL SELECT tenant_id || ' logged ' || details FROM audit_logs WHERE action = 'workspace.created' AND details->>'name' NOT LIKE tenant_id || ' %'`)
	if len(astray) > 0 {
		t.Errorf("%d rows are astray, the first: %s", len(astray), astray[0])
	}
	t.Logf("%d answered, %d refused, %d rolled back, %d hung up, %d died", c.answered, c.refused, c.rolledBack, c.hung, c.died)
	if min(c.refused, c.rolledBack, c.hung, c.died) < 50 || c.answered < len(c.tenants)/2 {
		t.Error("too little of something happened to say anything")
	}
}
