package testkit

import (
	"context"
	"crypto/rand"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/coditect/platform/shared/servers"
)

// hydras are the authorization servers of the test program, by the URL of their hook.
var hydras sync.Map

type startedHydra struct {
	once   sync.Once
	server servers.Hydra
	err    error
}

// Hydra returns an authorization server with a database of its own. It is the
// test program's: every test that names the same hook is given the same one,
// so clients and keys are not the test's own.
func Hydra(t testing.TB, hook servers.TokenHook, claims ...string) servers.Hydra {
	t.Helper()
	known, _ := hydras.LoadOrStore(hook.URL, &startedHydra{})
	h, _ := known.(*startedHydra)
	h.once.Do(func() { h.server, h.err = startHydra(context.Background(), hook, claims) })
	if h.err != nil {
		t.Fatal(h.err)
	}
	return h.server
}

func startHydra(ctx context.Context, hook servers.TokenHook, claims []string) (servers.Hydra, error) {
	base, err := baseDir()
	if err != nil {
		return servers.Hydra{}, err
	}
	program, err := servers.HydraProgram(filepath.Dir(filepath.Dir(base)))
	if err != nil {
		return servers.Hydra{}, err
	}
	name := "hydra_" + strings.ToLower(rand.Text()[:10])
	dir, ports, err := place(name, 3)
	if err != nil {
		return servers.Hydra{}, err
	}
	database, err := postgresServer()
	if err != nil {
		return servers.Hydra{}, err
	}
	// It goes with the server: as long as Hydra runs, nobody could drop it.
	if err := execOn(ctx, database.SuperDSN("postgres"), "CREATE DATABASE "+quoted(name)); err != nil {
		return servers.Hydra{}, err
	}
	server := servers.Hydra{
		Program: program, Dir: dir, PublicPort: ports[0], AdminPort: ports[1], Database: database.SuperDSN(name), SystemSecret: rand.Text(), CookieSecret: rand.Text(),
		Pages: fmt.Sprintf("http://127.0.0.1:%d", ports[2]), // nobody is there: the test looks where a browser is sent
		Hook:  hook, AllowedClaims: claims,
	}
	server.Issuer = server.PublicURL() + "/"
	if err := server.Prepare(ctx); err != nil {
		return server, err
	}
	if err := server.Migrate(ctx); err != nil {
		return server, err
	}
	if _, err = start(ctx, server); err != nil {
		return server, err
	}
	return server, server.FirstKeys(ctx)
}
