package lookup_test

import (
	"errors"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/coditect/platform/router/internal/lookup"
	"github.com/coditect/platform/router/internal/tenantcache"
	"github.com/coditect/platform/shared/directory"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/tenancy"
)

func newCache(t *testing.T) *tenantcache.Cache {
	t.Helper()
	c, err := tenantcache.New(tenantcache.Options{Entries: 10_000, NegativeTTL: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestDiskRoundTripAndDamage(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "deep", "directory.snapshot")
	disk, err := lookup.NewDisk(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := disk.Load(lookup.NewStaging(10)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("nothing there: %v", err)
	}
	cache := newCache(t)
	cache.PutCell(directory.Cell{ID: "cell-a", Region: "here", Version: 1})
	cache.Put(directory.Assignment{TenantID: tenancy.NewID(), Slug: "acme", Cell: "cell-a", State: directory.Active, Epoch: 4, Version: 2})
	if err := disk.Save(cache, 2); err != nil {
		t.Fatal(err)
	}
	staging, loaded := lookup.NewStaging(10), newCache(t)
	version, err := disk.Load(staging)
	if err != nil || version != 2 || staging.Apply(loaded, version) != 1 {
		t.Fatalf("%d, %v", version, err)
	}
	if e, ok := loaded.Get(directory.Key{Kind: directory.BySlug, Value: "acme"}); !ok || e.Epoch != 4 || loaded.Cell("cell-a") == nil {
		t.Errorf("%+v %v", e, ok)
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	raw[len(raw)/2] ^= 1
	if err := os.WriteFile(path, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := disk.Load(lookup.NewStaging(10)); !errors.Is(err, directory.ErrSnapshotCorrupt) {
		t.Errorf("damaged: %v", err)
	}
	left, err := filepath.Glob(filepath.Join(filepath.Dir(path), ".*"))
	if err != nil || len(left) != 0 {
		t.Errorf("temporary files left: %v %v", left, err)
	}
}

func TestUnwritableSnapshotDirectorySaysSo(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := lookup.NewDisk(filepath.Join(file, "x")); err == nil || !strings.Contains(err.Error(), "--snapshot") {
		t.Errorf("%v", err)
	}
}

func TestClientAnswers(t *testing.T) {
	t.Parallel()
	id := tenancy.NewID()
	var status int
	var body string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer token" || r.URL.Query().Get("value") != "a&b" {
			t.Errorf("request %s %v", r.URL, r.Header)
		}
		w.Header().Set("Directory-Version", "9")
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}))
	defer server.Close()
	client := lookup.NewClient(server.URL, "token")
	key := directory.Key{Kind: directory.BySlug, Value: "a&b"}

	status, body = 200, `{"tenant":{"tenant_id":"`+id.String()+`","slug":"acme","cell":"cell-a","state":"active","epoch":2,"version":7},"cell":{"id":"cell-a"}}`
	if a, err := client.Lookup(t.Context(), key); err != nil || a.Version != 9 || a.Entry.Tenant.TenantID != id || a.Entry.Tenant.Epoch != 2 {
		t.Errorf("found: %+v %v", a, err)
	}
	status, body = 404, `{"code":"unknown_tenant"}`
	if a, err := client.Lookup(t.Context(), key); err != nil || a.Entry != nil || a.Version != 9 {
		t.Errorf("missing: %+v %v", a, err)
	}
	status, body = 404, `<html>` // some other server's 404 says nothing of tenants
	if _, err := client.Lookup(t.Context(), key); err == nil {
		t.Error("a foreign 404 was believed")
	}
	status, body = 401, `{"code":"unauthenticated"}`
	if _, err := client.Lookup(t.Context(), key); fault.CodeOf(err) != fault.Unauthenticated {
		t.Errorf("refused: %v", err)
	}
	status, body = 200, `{"tenant":`
	if _, err := client.Lookup(t.Context(), key); err == nil {
		t.Error("half an answer was believed")
	}
}
