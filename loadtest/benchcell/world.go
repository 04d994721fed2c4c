package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/coditect/platform/shared/servers"
)

// tenantCount is how many tenants there are unless a measurement needs more,
// each with projectsEach projects.
const (
	tenantCount  = 1000
	projectsEach = 10
)

// clientLimit and serverLimit bound connections at PgBouncer.
const (
	clientLimit = 10_000
	serverLimit = 100
)

// loadConns is how many connections and callers a load has.
const loadConns = 16

const (
	database = "cell"
	appRole  = "cell_app"
)

// world is the cell's servers and programs.
type world struct {
	dir, bin string
	postgres servers.Postgres
	pooler   servers.PgBouncer
	redis    servers.Redis
	password string // of every role
	edgeKey  []byte
	targets  []target
	stops    []func(context.Context) error
	pids     map[string]int // of servers, by name
}

func (w *world) start(ctx context.Context) error {
	ports, err := servers.FreePorts(3)
	if err != nil {
		return err
	}
	w.password, w.edgeKey = rand.Text(), make([]byte, 32)
	_, _ = rand.Read(w.edgeKey) // never fails
	w.postgres = servers.Postgres{
		Dir: filepath.Join(w.dir, "postgres"), Port: ports[0], Password: w.password,
		Settings: map[string]string{"max_connections": "300", "shared_buffers": "512MB", "max_wal_size": "4GB"},
	}
	w.pooler = servers.PgBouncer{
		Dir: filepath.Join(w.dir, "pgbouncer"), Port: ports[1], ConsolePassword: w.password, MaxClients: clientLimit + 100, PoolSize: serverLimit,
		Databases: map[string]servers.PooledDatabase{database: {Port: ports[0], Name: database}}, Users: map[string]string{appRole: w.password},
	}
	w.redis = servers.Redis{Dir: filepath.Join(w.dir, "redis"), Port: ports[2], Password: w.password}
	for _, server := range []interface {
		Prepare(context.Context) error
		Spec() servers.Spec
	}{w.postgres, w.pooler, w.redis} {
		if err := server.Prepare(ctx); err != nil {
			return err
		}
		if _, err := w.run(ctx, server.Spec()); err != nil {
			return err
		}
	}
	if err := w.build(ctx); err != nil {
		return err
	}
	return w.fill(ctx)
}

// run starts a process that ends with the bench.
func (w *world) run(ctx context.Context, spec servers.Spec) (*servers.Process, error) {
	process, err := servers.Run(ctx, spec, servers.Attached)
	if err == nil {
		w.stops = append(w.stops, process.Stop)
		w.pids[spec.Name] = process.ID().PID
	}
	return process, err
}

func (w *world) stop(ctx context.Context) error {
	var errs []error
	for i := len(w.stops) - 1; i >= 0; i-- {
		errs = append(errs, w.stops[i](ctx))
	}
	return errors.Join(errs...)
}

// build makes the programs and the schema.
func (w *world) build(ctx context.Context) error {
	if out, err := exec.CommandContext(ctx, "go", "build", "-o", w.bin+"/", "./cell/cmd/...").CombinedOutput(); err != nil {
		return fmt.Errorf("build the cell: %w\n%s", err, out)
	}
	if err := w.sql(ctx, "postgres", "CREATE DATABASE "+database); err != nil {
		return err
	}
	schema := exec.CommandContext(ctx, filepath.Join(w.bin, "cell"), "schema", "up")
	schema.Env = []string{
		"CELL_OWNER_DATABASE_URL=" + w.postgres.SuperDSN(database),
		"CELL_APP_PASSWORD=" + w.password, "CELL_RELAY_PASSWORD=" + w.password, "CELL_MOVER_PASSWORD=" + w.password,
	}
	if out, err := schema.CombinedOutput(); err != nil {
		return fmt.Errorf("cell schema up: %w\n%s", err, out)
	}
	return nil
}

// api starts the cell's API, with Redis or without.
func (w *world) api(ctx context.Context, name, redisURL string) (address string, pid int, err error) {
	ports, err := servers.FreePorts(3)
	if err != nil {
		return "", 0, err
	}
	at := func(i int) string { return fmt.Sprintf("127.0.0.1:%d", ports[i]) }
	process, err := w.run(ctx, servers.Spec{
		Name: name, Path: filepath.Join(w.bin, "cell"), Dir: w.dir, Log: filepath.Join(w.dir, name+".log"),
		Args: []string{
			"api", "--cell", "cell-bench", "--region", "here", "--listen", at(0), "--internal-listen", at(1), "--admin-listen", at(2),
			"--database-conns", fmt.Sprint(loadConns),
		},
		Env: []string{
			"CELL_DATABASE_URL=" + w.postgres.DSN(appRole, w.password, database),
			"CELL_MOVER_DATABASE_URL=" + w.postgres.DSN("cell_mover", w.password, database),
			"CELL_EDGE_KEY=" + hex.EncodeToString(w.edgeKey), "CELL_CONTROL_KEY=" + hex.EncodeToString(w.edgeKey), "CELL_REDIS_URL=" + redisURL,
		},
		Ready:      func(ctx context.Context) error { return ready(ctx, "http://"+at(2)+"/readyz") },
		StopWithin: 20 * time.Second,
	})
	if err != nil {
		return "", 0, err
	}
	return at(0), process.ID().PID, nil
}

// program is the path of a program that build made.
func (w *world) program(name string) string { return filepath.Join(w.bin, name) }

// environment of programs that need nothing from ours.
func environment(extra ...string) []string {
	return append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.TempDir()}, extra...)
}

func trim(out []byte) string { return strings.TrimSpace(string(out)) }
