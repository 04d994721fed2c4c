package citus_test

import (
	"context"
	"encoding/json"
	"net"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/google/uuid"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/cell/internal/citus"
	"github.com/coditect/platform/shared/testkit"
)

// What a tenant does is answered by one shard. The role's own setting refuses
// anything else in every other test; this one looks at the plans.
func TestEveryQueryIsRoutedToOneShard(t *testing.T) {
	t.Parallel()
	if !testkit.OnCitus(t) {
		t.Log("on plain Postgres there is one shard")
		return
	}
	dsn := newDatabase(t)
	tap := newTap(t, dsn)
	db := openAt(t, dsn, testkit.DSNAs(t, tap.dsn, citus.AppRole, passwords.App), 1)
	for _, calls := range callers {
		a := db.live(t)
		call := calls(t, db, a)
		ws, err := db.store.CreateWorkspace(t.Context(), call(cell.WorkspacesWrite), cell.Workspace{ID: newID(), Name: "w"}, entry("workspace.created"))
		must(t, err)
		_, err = db.store.ListWorkspaces(t.Context(), call(cell.WorkspacesRead), uuid.Nil, cell.PageRequest{Limit: 10})
		must(t, err)
		_, err = db.store.ListProjects(t.Context(), call(cell.ProjectsRead), cell.ProjectFilter{WorkspaceID: ws.ID}, cell.PageRequest{Limit: 10})
		must(t, err)
		_, err = db.store.ListUsers(t.Context(), call(cell.UsersRead), cell.UserFilter{}, cell.PageRequest{Limit: 10})
		must(t, err)
		must(t, db.store.LookUp(t.Context(), call(cell.Anyone), trips(everyLookup(ws.ID))))
		must(t, db.store.DeleteWorkspace(t.Context(), call(cell.WorkspacesWrite), ws.ID, nil, entry("workspace.deleted")))
	}
	db.visitor(t, db.live(t)).everything(t)
	conn, err := pgx.Connect(t.Context(), dsn)
	must(t, err)
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	seen := tap.statements()
	if len(seen) < 5 {
		t.Fatalf("saw %d statements", len(seen))
	}
	for _, s := range seen {
		result := conn.PgConn().ExecParams(t.Context(), "EXPLAIN (FORMAT JSON) "+s.text, s.params, s.types, s.formats, nil).Read()
		must(t, result.Err)
		if n := tasks(t, result.Rows[0][0]); n != 1 {
			t.Errorf("%d tasks, want 1: %s", n, s.text)
		}
	}
}

// tasks counts what a plan asks of shards.
func tasks(t *testing.T, explained []byte) int {
	t.Helper()
	var plan any
	must(t, json.Unmarshal(explained, &plan))
	var count func(v any) int
	count = func(v any) (n int) {
		switch v := v.(type) {
		case map[string]any:
			if tasks, ok := v["Task Count"].(float64); ok {
				return int(tasks)
			}
			for _, part := range v {
				n += count(part)
			}
		case []any:
			for _, part := range v {
				n += count(part)
			}
		}
		return n
	}
	return count(plan)
}

// statement is what a client asked a server to execute.
type statement struct {
	text    string
	types   []uint32
	params  [][]byte
	formats []int16
}

// tap stands before a server and notes what clients ask it to execute.
type tap struct {
	dsn string

	mu     sync.Mutex
	seen   map[string]statement
	parses int // how often a server was asked to parse one of the statements that judge a call
}

func newTap(t *testing.T, dsn string) *tap {
	t.Helper()
	address, err := url.Parse(dsn)
	must(t, err)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	server := address.Host
	address.Host = listener.Addr().String()
	p := &tap{dsn: address.String(), seen: map[string]statement{}}
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
			read, write := net.Pipe()
			pumps.Go(func() { p.listen(read) })
			pumps.Go(func() { copyBoth(upstream, write, client); _ = write.Close() })
			pumps.Go(func() { pump(client, upstream, func() {}) })
		}
	})
	t.Cleanup(func() { _ = listener.Close(); pumps.Wait() })
	return p
}

// copyBoth passes what the client sends to the server and to the listener.
func copyBoth(server, listener, client net.Conn) {
	buf := make([]byte, 32<<10)
	for {
		n, err := client.Read(buf)
		if n > 0 {
			if _, failed := server.Write(buf[:n]); failed != nil {
				break
			}
			if _, failed := listener.Write(buf[:n]); failed != nil {
				break
			}
		}
		if err != nil {
			break
		}
	}
	_ = server.Close()
}

func (p *tap) listen(client net.Conn) {
	defer client.Close()
	backend := pgproto3.NewBackend(client, nil)
	if _, err := backend.ReceiveStartupMessage(); err != nil {
		return
	}
	must := backend.SetAuthType(pgproto3.AuthTypeSASL)
	named := map[string]statement{} // the unnamed one as ""
	for first := true; must == nil; {
		message, err := backend.Receive()
		if err != nil {
			return
		}
		switch m := message.(type) {
		case *pgproto3.SASLInitialResponse:
			must = backend.SetAuthType(pgproto3.AuthTypeSASLContinue)
		case *pgproto3.SASLResponse:
			if first {
				first = false
				must = backend.SetAuthType(pgproto3.AuthTypeOk)
			}
		case *pgproto3.Parse:
			p.noteParse(m.Query)
			named[m.Name] = statement{text: m.Query, types: append([]uint32(nil), m.ParameterOIDs...)}
		case *pgproto3.Bind:
			parsed := named[m.PreparedStatement]
			parsed.formats = append([]int16(nil), m.ParameterFormatCodes...)
			for _, param := range m.Parameters {
				parsed.params = append(parsed.params, append([]byte(nil), param...))
			}
			p.note(parsed)
		}
	}
}

// note keeps one of each; what Postgres cannot explain is about the transaction,
// and what names no table of ours about the session (pg.Prepared), or wakes the relay.
func (p *tap) note(s statement) {
	if strings.HasPrefix(s.text, `SELECT 1 AS "`) || strings.Contains(s.text, "pg_prepared_statements") || strings.HasPrefix(s.text, "SELECT pg_notify(") {
		return
	}
	switch verb, _, _ := strings.Cut(strings.TrimSpace(s.text), " "); strings.ToUpper(strings.TrimSpace(verb)) {
	case "SELECT", "INSERT", "UPDATE", "DELETE", "WITH":
		p.mu.Lock()
		defer p.mu.Unlock()
		p.seen[s.text] = s
	}
}

func (p *tap) noteParse(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if strings.Contains(text, "SELECT t.state, t.epoch") {
		p.parses++
	}
}

func (p *tap) fenceParses() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.parses
}

func (p *tap) statements() []statement {
	p.mu.Lock()
	defer p.mu.Unlock()
	var all []statement
	for _, s := range p.seen {
		all = append(all, s)
	}
	return all
}
