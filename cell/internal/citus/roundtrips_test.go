package citus_test

import (
	"io"
	"net"
	"net/url"
	"sync"
	"testing"

	"github.com/google/uuid"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/cell/internal/citus"
	"github.com/coditect/platform/shared/testkit"
)

func TestRoundTrips(t *testing.T) {
	t.Parallel()
	dsn := newDatabase(t)
	meter := newMeter(t, dsn)
	db := openAt(t, dsn, testkit.DSNAs(t, meter.dsn, citus.AppRole, passwords.App), 1)
	for caller, calls := range callers {
		a := db.live(t)
		call := calls(t, db, a)
		ws, err := db.store.CreateWorkspace(t.Context(), call(cell.WorkspacesWrite), cell.Workspace{ID: newID(), Name: "warm"}, entry("workspace.created"))
		must(t, err)
		missing := newID()
		db.used(t, a)
		for _, c := range []struct {
			name string
			want int
			do   func() error
		}{
			{"get", 1, func() error {
				_, err := db.store.GetWorkspace(t.Context(), call(cell.WorkspacesRead), ws.ID)
				return err
			}},
			{"list", 1, func() error {
				_, err := db.store.ListWorkspaces(t.Context(), call(cell.WorkspacesRead), uuid.Nil, cell.PageRequest{Limit: 10})
				return err
			}},
			{"get what is not there", 1, func() error {
				_, _ = db.store.GetWorkspace(t.Context(), call(cell.WorkspacesRead), missing)
				return nil
			}},
			{"create", 2, func() error { return addAs(t, db, call(cell.WorkspacesWrite), "second") }},
			{"update", 2, func() error {
				name := "renamed"
				_, err := db.store.UpdateWorkspace(t.Context(), call(cell.WorkspacesWrite), ws.ID, cell.WorkspaceChange{Name: &name}, nil, entry("workspace.updated"))
				return err
			}},
			{"delete", 2, func() error {
				return db.store.DeleteWorkspace(t.Context(), call(cell.WorkspacesWrite), ws.ID, nil, entry("workspace.deleted"))
			}},
			{"refused", 2, func() error { _ = addAs(t, db, call(cell.WorkspacesWrite), "SECOND"); return nil }},
			{"no right", 2, func() error { _ = addAs(t, db, call("none"), "third"); return nil }},
		} {
			before := meter.turns()
			must(t, c.do())
			if got := meter.turns() - before; got != c.want {
				t.Errorf("%s, %s: %d round trips, want %d", caller, c.name, got, c.want)
			}
		}
	}
}

// used has connections learn what they learn once (pg.Prepared), which is no
// operation's.
func (db *database) used(t *testing.T, a cell.Arrival) {
	t.Helper()
	for range 4 {
		must(t, db.store.Warm(t.Context(), a.TenantID, 1))
	}
}

func addAs(t *testing.T, db *database, call *cell.Call, name string) error {
	_, err := db.store.CreateWorkspace(t.Context(), call, cell.Workspace{ID: newID(), Name: name}, entry("workspace.created"))
	return err
}

// turnMeter stands before a server and counts how often the talk turns from
// the server to the client: round trips.
type turnMeter struct {
	dsn string

	mu       sync.Mutex
	answered bool
	count    int
}

func newMeter(t *testing.T, dsn string) *turnMeter {
	t.Helper()
	address, err := url.Parse(dsn)
	must(t, err)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	server := address.Host
	address.Host = listener.Addr().String()
	m := &turnMeter{dsn: address.String()}
	var pumps sync.WaitGroup
	pumps.Go(func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			upstream, err := net.Dial("tcp", server)
			if err != nil {
				t.Error(err)
				return
			}
			pumps.Go(func() { pump(upstream, client, m.asked) })
			pumps.Go(func() { pump(client, upstream, m.answers) })
		}
	})
	t.Cleanup(func() { _ = listener.Close(); pumps.Wait() })
	return m
}

func pump(to, from net.Conn, seen func()) {
	buf := make([]byte, 32<<10)
	for {
		n, err := from.Read(buf)
		if n > 0 {
			seen()
			if _, err := to.Write(buf[:n]); err != nil {
				break
			}
		}
		if err != nil {
			break
		}
	}
	_, _ = to.(io.Closer).Close(), from.Close()
}

func (m *turnMeter) asked() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.answered {
		m.count, m.answered = m.count+1, false
	}
}

func (m *turnMeter) answers() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.answered = true
}

func (m *turnMeter) turns() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.count
}
