package seed_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/coditect/platform/loadtest/internal/plane"
	"github.com/coditect/platform/loadtest/internal/seed"
	"github.com/coditect/platform/loadtest/internal/tenants"
)

// platform is a control plane and a router in one, which can fail after so many
// tenants.
type platform struct {
	mu        sync.Mutex
	slugs     map[string]bool
	failAfter int // imports; 0: never
	lose      int // of the import's answers, so many before it fails
	once      map[string]bool
	refuse    bool // requests of tenants
}

var errCut = errors.New("cut")

func (p *platform) Import(_ context.Context, _ string, lines io.Reader, each func(*plane.Imported) error) error {
	made := 0
	for in := bufio.NewScanner(lines); in.Scan(); {
		var line struct{ Slug string }
		if err := json.Unmarshal(in.Bytes(), &line); err != nil {
			return err
		}
		answer := &plane.Imported{Status: "created", Slug: line.Slug, Key: "key-" + line.Slug}
		if p.slugs[line.Slug] {
			answer = &plane.Imported{Status: "exists", Slug: line.Slug}
		}
		p.slugs[line.Slug] = true
		made++
		if p.failAfter > 0 && made > p.failAfter-p.lose { // made, and nobody learns its key
			if made == p.failAfter {
				return errCut
			}
			continue
		}
		if err := each(answer); err != nil {
			return err
		}
	}
	return nil
}

func (p *platform) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	slug, _, _ := strings.Cut(r.Host, ".")
	if p.refuse || r.Header.Get("Authorization") != "Bearer key-"+slug {
		w.WriteHeader(http.StatusForbidden)
		return
	}
	p.once[r.Header.Get("Idempotency-Key")] = true
	w.WriteHeader(http.StatusCreated)
	if r.URL.Path == "/v1/workspaces" {
		_, _ = fmt.Fprint(w, `{"id":"w"}`)
		return
	}
	_, _ = fmt.Fprint(w, `{"items":[{"id":"a"},{"id":"b"}]}`)
}

func start(t *testing.T) (*platform, *seed.Order) {
	t.Helper()
	p := &platform{slugs: map[string]bool{}, once: map[string]bool{}}
	server := httptest.NewServer(p)
	t.Cleanup(server.Close)
	return p, &seed.Order{
		File: t.TempDir() + "/tenants.ndjson", Count: 20, Prefix: "seed", Plan: "team", Projects: 2, AtOnce: 3,
		Plane: p, Router: server.URL, Domain: "localhost", Client: server.Client(), Progress: func(string, int, int) {},
	}
}

func check(t *testing.T, o *seed.Order) {
	t.Helper()
	all, err := tenants.ReadFile(o.File, 0)
	if err != nil || len(all) != o.Count {
		t.Fatalf("%d tenants, %v", len(all), err)
	}
	seen := map[string]bool{}
	for _, one := range all {
		if seen[one.Slug] || one.Key != "key-"+one.Slug || o.Projects > 0 && (one.Workspace != "w" || len(one.Projects) != 2) {
			t.Errorf("%+v", one)
		}
		seen[one.Slug] = true
	}
	if _, err := os.Stat(o.File + ".journal"); !os.IsNotExist(err) {
		t.Errorf("the journal is left: %v", err)
	}
}

func TestSeed(t *testing.T) {
	t.Parallel()
	p, o := start(t)
	if err := o.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	check(t, o)
	if err := o.Run(t.Context()); err != nil || len(p.slugs) != 20 {
		t.Errorf("again: %v, %d tenants", err, len(p.slugs))
	}
	o.Count = 30
	if err := o.Run(t.Context()); err != nil || len(p.slugs) != 30 {
		t.Errorf("more: %v, %d tenants", err, len(p.slugs))
	}
	check(t, o)
}

// An import that is cut off is gone on with. The two whose keys nobody has are
// replaced.
func TestAnImportThatIsCutOff(t *testing.T) {
	t.Parallel()
	for _, projects := range []int{0, 2} {
		p, o := start(t)
		o.Projects = projects
		p.failAfter, p.lose = 12, 2
		if err := o.Run(t.Context()); !errors.Is(err, errCut) {
			t.Fatal(err)
		}
		p.failAfter = 0
		if err := o.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		check(t, o)
		if len(p.slugs) != 22 {
			t.Errorf("%d tenants were made, want 20 and the 2 lost ones", len(p.slugs))
		}
	}
}

// A seeding that failed while tenants got their projects, and one that was killed in the
// middle of a line, go on.
func TestAFillingThatFailed(t *testing.T) {
	t.Parallel()
	p, o := start(t)
	p.refuse = true
	if err := o.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "403") {
		t.Fatal(err)
	}
	p.refuse = false
	f, err := os.OpenFile(o.File, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = f.WriteString(`{"slug":"seed-00`)
	_ = f.Close()
	if err := o.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	check(t, o)
	if len(p.slugs) != 20 || len(p.once) != 40 {
		t.Errorf("%d tenants, %d requests; want 20 and 40", len(p.slugs), len(p.once))
	}
}
