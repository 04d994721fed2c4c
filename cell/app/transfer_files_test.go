package app_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/cell/api"
	internal "github.com/coditect/platform/cell/api/internalapi"
	"github.com/coditect/platform/cell/internal/blob"
	"github.com/coditect/platform/shared/testkit"
)

// makeFile makes a file as a job of the tenant does, with a job that shows it.
func (p *process) makeFile(t *testing.T, tn tenant, content string) (job string) {
	t.Helper()
	w := &world{p: p, tn: tn, t: t}
	key := "jobs/" + unique() + "/1/report.csv"
	store, err := blob.Open(t.Context(), p.blobs)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	err = store.Write(t.Context(), tn.id, key, "text/csv", func(out io.Writer) error {
		_, err := io.WriteString(out, content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return w.addJob(t, cell.JobDone, fmt.Sprintf(
		`{"key": %q, "name": "report.csv", "media_type": "text/csv", "size": %d, "secret": "c2VjcmV0", "kept_until": "2999-01-01T00:00:00Z"}`, key, len(content)))
}

// download follows a job's link.
func (p *process) download(t *testing.T, tn tenant, epoch uint64, id string) string {
	t.Helper()
	var job api.Job
	a := expect(t, p.atEpoch(t, tn, epoch, get("/v1/jobs/"+id)), http.StatusOK)
	if err := json.Unmarshal(a.body, &job); err != nil || job.File == nil {
		t.Fatalf("%v: %s", err, a.body)
	}
	return string(expect(t, p.atEpoch(t, tn, epoch, get(job.File.URL)), http.StatusOK).body)
}

// files counts what object storage has of the tenant.
func (p *process) files(t *testing.T, tn tenant) (n int) {
	t.Helper()
	_ = filepath.WalkDir(filepath.Join(strings.TrimPrefix(p.blobs, "file://"), tn.id.String()), func(_ string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() && !strings.HasSuffix(d.Name(), ".attrs") {
			n++
		}
		return nil
	})
	return n
}

// A tenant's files come along: most of them before it is cut over, those of the
// last moments behind it, and until then they are read from where they are.
// What the source has left goes when it is cleaned up.
func TestFilesMove(t *testing.T) {
	t.Parallel()
	source, target := pair(t)
	tn, neighbour := source.signUp(t), source.signUp(t)
	large := rand.Text() + strings.Repeat("0123456789", 300_000)
	first, other := source.makeFile(t, tn, large), source.makeFile(t, neighbour, "not yours")
	m := newMove(t, source, target, tn, 1)
	m.toFreeze()
	if i := m.importAt(target); target.files(t, tn) != 1 || i.Files != 1 || i.FilesHere != 1 || i.FileBytesHere != int64(len(large)) || i.FilesComplete {
		t.Fatalf("ready with %d files: %+v", target.files(t, tn), i)
	}
	last := source.makeFile(t, tn, "made right before the freeze")
	let := target.holdImport(t, m) // nobody fetches anything
	m.switchOver(source, target, "cell-b", 1)
	if target.files(t, tn) != 1 || target.download(t, tn, 2, first) != large || target.download(t, tn, 2, last) != "made right before the freeze" {
		t.Errorf("%d files are here", target.files(t, tn))
	}
	let()
	testkit.Eventually(t, "all files", func() bool { return m.importAt(target).FilesComplete })
	if target.files(t, tn) != 2 {
		t.Errorf("%d files came", target.files(t, tn))
	}
	for _, path := range []string{m.exports(), m.imports()} {
		for _, p := range []*process{source, target} {
			expect(t, m.call(p, "DELETE", path, nil, nil), http.StatusNoContent)
		}
	}
	for more := true; more; {
		var c internal.Cleanup
		m.call(source, "POST", "/cleanup", map[string]any{"epoch": 1, "migration_id": m.id}, &c)
		more = c.Remaining
	}
	if source.files(t, tn) != 0 || source.files(t, neighbour) != 1 || target.files(t, tn) != 2 {
		t.Errorf("%d and %d files in the source, %d in the target", source.files(t, tn), source.files(t, neighbour), target.files(t, tn))
	}
	if target.download(t, tn, 2, last) != "made right before the freeze" || source.download(t, neighbour, 1, other) != "not yours" {
		t.Error("a file has changed")
	}
}

// An import that is given up takes the files along that it brought; a tenant that
// returns finds those that were made meanwhile.
func TestFilesOfImportsThatEnd(t *testing.T) {
	t.Parallel()
	source, target := pair(t)
	tn := source.signUp(t)
	here := source.makeFile(t, tn, "from before")
	m := newMove(t, source, target, tn, 1)
	m.toFreeze()
	expect(t, m.call(target, "DELETE", m.imports(), nil, nil), http.StatusNoContent)
	expect(t, m.call(source, "DELETE", m.exports(), nil, nil), http.StatusNoContent)
	if target.files(t, tn) != 0 || source.files(t, tn) != 1 {
		t.Errorf("given up: %d files are in the target, %d in the source", target.files(t, tn), source.files(t, tn))
	}

	m = newMove(t, source, target, tn, 1)
	m.toFreeze()
	m.call(target, "PUT", m.exports(), map[string]any{"epoch": 2, "target_cell": "cell-a", "reverse": true}, &internal.Export{})
	m.switchOver(source, target, "cell-b", 1)
	m.call(source, "PUT", m.imports(), m.importBody(target, "cell-b", "follow", 3), &internal.Import{})
	m.awaitReady(source)
	m.mustVerify(source)
	there := target.makeFile(t, tn, "made in the window")
	m.switchOver(target, source, "cell-a", 2)
	if source.download(t, tn, 3, here) != "from before" || source.download(t, tn, 3, there) != "made in the window" {
		t.Error("a file has changed")
	}
	testkit.Eventually(t, "all files", func() bool { return m.importAt(source).FilesComplete })
	if source.files(t, tn) != 2 {
		t.Errorf("%d files are in the source", source.files(t, tn))
	}
}

// holdImport keeps everybody from doing the rest of an import, as soon as whoever
// does it now has ended, until let is called. It has the lock of citus.LeadImport.
func (p *process) holdImport(t *testing.T, m *move) (let func()) {
	t.Helper()
	h := fnv.New64a()
	_, _ = h.Write(append(m.id[:], 'i'))
	ctx := testkit.Context(t)
	conn, err := pgx.Connect(ctx, p.dsn)
	if err != nil {
		t.Fatal(err)
	}
	waits := make(chan error, 1)
	go func() {
		_, err := conn.Exec(ctx, `SELECT pg_advisory_lock($1)`, int64(h.Sum64()))
		waits <- err
	}()
	testkit.Eventually(t, "the lock is waited for", func() bool {
		return len(p.texts(t, `SELECT pid::text FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND pid = $1::text::int`, fmt.Sprint(conn.PgConn().PID()))) == 1
	})
	return func() {
		if err := <-waits; err != nil {
			t.Error(err)
		}
		_ = conn.Close(context.WithoutCancel(ctx))
	}
}
