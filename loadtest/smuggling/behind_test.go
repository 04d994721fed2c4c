//go:build smuggling

package smuggling_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"path/filepath"
	"testing"

	"github.com/coditect/platform/shared/cellapi"
	"github.com/coditect/platform/shared/servers"
	"github.com/coditect/platform/shared/tenancy"
	"github.com/coditect/platform/shared/testkit"
)

// masterKey is the routers' master of the cells' keys.
const masterKey = "smuggling-smuggling-smuggling-00"

// server is one server behind the router, and the tenant it serves.
type server struct {
	tenant
	id       tenancy.ID
	endpoint string
	// behind returns what it saw, once it has been stopped.
	behind func(t *testing.T) []sighting
	stop   func(t *testing.T)
	// stored returns the names that it has stored, while it runs; nil: it stores
	// nothing.
	stored func(t *testing.T) []string
}

// newServer names a server, its cell and its tenant alike.
func newServer(name string) *server {
	id := tenancy.NewID()
	secret := sha256.Sum256(id[:])
	key := "cdt_" + hex.EncodeToString(id[:]) + "_" + base64.RawURLEncoding.EncodeToString(secret[:])
	return &server{tenant: tenant{name: name, host: name + ".localhost", key: key}, id: id, stop: func(*testing.T) {}}
}

// signer checks the router's signatures for this server's cell.
func (s *server) signer() *cellapi.Signer {
	return cellapi.NewSigner(cellapi.DeriveKey([]byte(masterKey), s.name))
}

// program runs a real server's program until stop.
func (s *server) program(t *testing.T, spec servers.Spec) {
	t.Helper()
	spec.Name = s.name
	stop := start(t, spec)
	s.stop = func(t *testing.T) { t.Helper(); stop(t) }
}

// start runs a program until the returned function, or the test's end, stops it.
func start(t *testing.T, spec servers.Spec) (stop func(*testing.T)) {
	t.Helper()
	spec.Log = filepath.Join(spec.Dir, "log")
	spec.Env = append([]string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8"}, spec.Env...)
	process, err := servers.Run(testkit.Context(t), spec, servers.Attached)
	if err != nil {
		t.Fatal(err)
	}
	stop = func(t *testing.T) {
		t.Helper()
		if err := process.Stop(t.Context()); err != nil {
			t.Error(err)
		}
	}
	t.Cleanup(func() { _ = process.Stop(t.Context()) }) // it is stopped already, unless the test failed
	return stop
}
