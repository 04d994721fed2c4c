package app_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/cell/api"
	"github.com/coditect/platform/cell/app"
	"github.com/coditect/platform/shared/testkit"
)

// awaitAsked returns the job that a request asked for, once it is done.
func (p *process) awaitAsked(t *testing.T, tn tenant, asked answer) api.Job {
	t.Helper()
	var job api.Job
	testkit.Eventually(t, "the job", func() bool {
		job = api.Job{}
		a := p.asTenant(t, tn, get(asked.header.Get("Location")))
		return json.Unmarshal(a.body, &job) == nil && job.State == api.Done
	})
	return job
}

// A tenant's own copy is the documented stream with everything but secrets, and
// only who may ask for it gets a link. Whoever is erased takes it along.
func TestDataExport(t *testing.T) {
	t.Parallel()
	p := start(t, nil)
	w, other := newWorld(t, p), newWorld(t, p)
	zeb := w.addPerson(t)
	// A job of the day before that nobody shows any more has left its file, too.
	stale := filepath.Join(strings.TrimPrefix(p.blobs, "file://"), w.tn.id.String(), "jobs", "0198c0de-0000-7000-8000-000000000000", "1", "old.csv")
	if err := os.MkdirAll(filepath.Dir(stale), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(stale, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	ask := request{method: "POST", target: "/v1/exports"}
	asked := expect(t, p.asTenant(t, w.tn, ask), 202)
	expect(t, p.asTenant(t, w.tn, ask), 409) // one at a time
	p.startWorker(t, testkit.RabbitMQ(t), newSink(t), nil)
	job := p.awaitAsked(t, w.tn, asked)
	if job.File == nil || !strings.HasPrefix(job.File.Name, w.tn.slug+"-") {
		t.Fatalf("%+v", job)
	}
	file := expect(t, p.asTenant(t, w.tn, get(job.File.URL)), 200)
	summary, err := app.CheckExport(bytes.NewReader(file.body))
	if err != nil || !strings.Contains(summary, w.tn.id.String()) || !strings.HasSuffix(summary, "signed by nobody") {
		t.Errorf("%s, %v", summary, err)
	}
	for _, want := range []string{zeb.name, strings.ToLower(zeb.email), `"table":"audit_logs"`} {
		if !bytes.Contains(bytes.ToLower(file.body), []byte(strings.ToLower(want))) {
			t.Errorf("the copy lacks %q", want)
		}
	}
	for _, secret := range []string{`"key_hash"`, `"secret_hash"`, other.tn.id.String()} {
		if bytes.Contains(file.body, []byte(secret)) {
			t.Errorf("the copy has %s", secret)
		}
	}
	reader := w.as(p.addUser(t, w.tn, w.addRole(t, cell.JobsRead)))
	if a := expect(t, p.asTenant(t, reader, get(asked.header.Get("Location"))), 200); strings.Contains(string(a.body), "/v1/download") {
		t.Errorf("a link for somebody who may not export: %s", a.body)
	}

	expect(t, p.asTenant(t, w.tn, request{method: "POST", target: "/v1/users/" + zeb.id + "/erasure"}), 204)
	expect(t, p.asTenant(t, w.tn, get(job.File.URL)), http.StatusNotFound)
	testkit.Eventually(t, "the files gone", func() bool {
		gone := true
		_ = filepath.WalkDir(strings.TrimPrefix(p.blobs, "file://"), func(path string, d os.DirEntry, err error) error {
			gone = gone && (err != nil || d.IsDir() || !strings.Contains(path, w.tn.id.String()))
			return nil
		})
		return gone
	})
}

// Days that are over are closed once, whoever does it and however often.
func TestUsageIsRolledUpOnce(t *testing.T) {
	t.Parallel()
	p := start(t, nil)
	w := newWorld(t, p)
	p.exec(t, `UPDATE organizations SET created_at = now() - interval '3 days' WHERE tenant_id = $1`, w.tn.id.String())
	p.startWorker(t, testkit.RabbitMQ(t), newSink(t), nil)
	roll := func() {
		id := w.addJob(t, cell.JobPending, "null")
		p.exec(t, `UPDATE jobs SET kind = 'usage_roll_up' WHERE tenant_id = $1 AND job_id = $2`, w.tn.id.String(), id)
		p.awaitAsked(t, w.tn, answer{header: http.Header{"Location": {"/v1/jobs/" + id}}})
	}
	closed := func() string {
		var days string
		err := p.asSuperuser(t).QueryRow(t.Context(), `SELECT string_agg(metric || ' ' || day || ' ' || quantity, ', ' ORDER BY metric, day)
			FROM usage WHERE tenant_id = $1 AND metric <> 'api_calls'`, w.tn.id.String()).Scan(&days)
		if err != nil {
			t.Fatal(err)
		}
		return days
	}
	roll()
	first := closed()
	if n := strings.Count(first, "seats"); n != 3 || !strings.Contains(first, "seats "+time.Now().UTC().AddDate(0, 0, -1).Format(time.DateOnly)+" 1") {
		t.Fatalf("%d days: %s", n, first)
	}
	p.addUser(t, w.tn, "viewer")
	roll()
	if again := closed(); again != first {
		t.Errorf("a closed day was changed:\n%s\n%s", first, again)
	}
}
