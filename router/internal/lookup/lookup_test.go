package lookup_test

import (
	"bytes"
	"errors"
	"io"
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
	c, err := tenantcache.New(tenantcache.Options{NegativeTTL: time.Minute})
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
	if _, _, err := disk.Load(newCache(t), true); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("nothing there: %v", err)
	}
	cache := newCache(t)
	cache.PutCell(directory.Cell{ID: "cell-a", Region: "here", Version: 1})
	cache.Put(directory.Assignment{TenantID: tenancy.NewID(), Slug: "acme", Cell: "cell-a", State: directory.Active, Epoch: 4, Version: 2})
	if err := disk.Save(t.Context(), cache, 2); err != nil {
		t.Fatal(err)
	}
	loaded := newCache(t)
	info, tenants, err := disk.Load(loaded, true)
	if err != nil || info.Version != 2 || tenants != 1 {
		t.Fatalf("%+v, %d tenants, %v", info, tenants, err)
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
	untouched := newCache(t)
	if _, _, err := disk.Load(untouched, true); !errors.Is(err, directory.ErrSnapshotCorrupt) {
		t.Errorf("damaged: %v", err)
	}
	if untouched.Stats().Tenants != 0 || untouched.Cell("cell-a") != nil {
		t.Error("a damaged snapshot was used")
	}
	raw[7] = 1 // the format's version
	if err := os.WriteFile(path, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := disk.Load(untouched, true); !errors.Is(err, directory.ErrSnapshotFormat) {
		t.Errorf("older format: %v", err)
	}
	left, err := filepath.Glob(filepath.Join(filepath.Dir(path), ".*"))
	if err != nil || len(left) != 0 {
		t.Errorf("temporary files left: %v %v", left, err)
	}
}

func TestReload(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "directory.snapshot")
	disk, err := lookup.NewDisk(path)
	if err != nil {
		t.Fatal(err)
	}
	source := newCache(t)
	source.PutCell(directory.Cell{ID: "cell-a", Version: 1})
	kept := directory.Assignment{TenantID: tenancy.NewID(), Slug: "kept", Cell: "cell-a", State: directory.Active, Version: 2}
	source.Put(kept)
	if err := disk.Save(t.Context(), source, 7); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	cache := newCache(t)
	cache.Put(directory.Assignment{TenantID: tenancy.NewID(), Slug: "gone", Cell: "cell-a", State: directory.Active, Version: 3})
	for name, raw := range map[string][]byte{"half": whole[:len(whole)/2], "empty": nil} {
		write := func(w io.Writer) error { _, err := w.Write(raw); return err }
		if _, _, err := disk.Reload(write, cache, true); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	broken := errors.New("connection lost")
	if _, _, err := disk.Reload(func(io.Writer) error { return broken }, cache, true); !errors.Is(err, broken) {
		t.Errorf("%v", err)
	}
	if now, err := os.ReadFile(path); err != nil || !bytes.Equal(now, whole) || cache.Stats().Tenants != 1 {
		t.Fatalf("a broken reload changed something: %v", err)
	}
	info, tenants, err := disk.Reload(func(w io.Writer) error { _, err := w.Write(whole); return err }, cache, true)
	if err != nil || info.Version != 7 || tenants != 1 {
		t.Fatalf("%+v, %d, %v", info, tenants, err)
	}
	if _, ok := cache.Get(directory.Key{Kind: directory.BySlug, Value: "gone"}); ok {
		t.Error("a tenant that the snapshot does not have stayed")
	}
	if e, ok := cache.Get(directory.Key{Kind: directory.BySlug, Value: "kept"}); !ok || e.TenantID != kept.TenantID {
		t.Errorf("%+v", e)
	}
}

// A killed process leaves a half-written file; another one that runs beside this
// one is writing one.
func TestHalfWrittenSnapshotsAreRemovedLater(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	old, fresh := filepath.Join(dir, ".directory.snapshot-1"), filepath.Join(dir, ".directory.snapshot-2")
	for _, name := range []string{old, fresh} {
		if err := os.WriteFile(name, []byte("half"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chtimes(old, time.Time{}, time.Now().Add(-2*time.Hour)); err != nil {
		t.Fatal(err)
	}
	if _, err := lookup.NewDisk(filepath.Join(dir, "directory.snapshot")); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(old); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the old one: %v", err)
	}
	if _, err := os.Stat(fresh); err != nil {
		t.Errorf("the fresh one: %v", err)
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

// One key at a time, by a control plane that knows no batches.
func TestClientAnswers(t *testing.T) {
	t.Parallel()
	id := tenancy.NewID()
	var status int
	var body string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			w.WriteHeader(http.StatusNotFound)
			return
		}
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
