package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/coditect/platform/shared/servers"
)

// crowdTenants is among how many tenants, who live in a cell, the connections
// are divided.
const crowdTenants = 1000

// served makes tenants that a cell serves, once.
func (b *bench) served(ctx context.Context) (file string, err error) {
	file = b.path("served.ndjson")
	if _, err := os.Stat(file); err == nil {
		return file, nil
	}
	r, err := b.loadtest(ctx, "seed", file, "--tenants", fmt.Sprint(crowdTenants), "--projects", "2", "--cell", "cell-a", "--prefix", "served")
	if err == nil && r.code != 0 {
		err = fmt.Errorf("loadtest seed: exit code %d: %s", r.code, r.output)
	}
	return file, err
}

// connections holds many connections for a while: six routers, since a process may
// have 20,000 descriptors. All are asked twice and answered from the cell.
func (b *bench) connections(ctx context.Context) (err error) {
	file, err := b.served(ctx)
	if err != nil {
		return err
	}
	args := []string{"connections", "--n", fmt.Sprint(pick(b, 100_000, 12_000)), "--for", pick(b, "60s", "10s"), "--tenants", file}
	for i := range pick(b, 6, 2) {
		url, stop, err := b.router(ctx, i)
		if err != nil {
			return err
		}
		defer func() { _ = stop(context.WithoutCancel(ctx)) }() // it holds nothing
		args = append(args, "--target", url)
	}
	r, err := b.loadtest(ctx, args...)
	if err != nil {
		return err
	}
	fmt.Fprint(b.said, r.output)
	var opened, processes, served, wrong, again, wrongAgain, lost int
	var held string
	if _, err := fmt.Sscanf(r.output, "%d connections are open in %d processes; %d were served, %d not \nafter %s %d were served, %d not ; %d were lost meanwhile",
		&opened, &processes, &served, &wrong, &held, &again, &wrongAgain, &lost); err != nil {
		return fmt.Errorf("loadtest connections: exit code %d: %s", r.code, r.output)
	}
	b.figures.AtMost("connections_errors", float64(wrong+wrongAgain+lost+(opened-served)+(opened-again)), "connections", 0)
	b.note("connections_held", float64(opened), "connections", "open for "+held+" each asked at the beginning and at the end")
	return nil
}

// router starts one more router of the platform.
func (b *bench) router(ctx context.Context, i int) (url string, stop func(context.Context) error, err error) {
	ports, err := servers.FreePorts(2)
	if err != nil {
		return "", nil, err
	}
	s, name := b.state(), fmt.Sprintf("router-%d", i)
	at := func(i int) string { return fmt.Sprintf("127.0.0.1:%d", ports[i]) }
	process, err := servers.Run(ctx, servers.Spec{
		Name: name, Path: filepath.Join(b.fleet.Platform.BinDir(), "router"), Dir: b.dir, Log: b.path(name + ".log"),
		Args: []string{
			"--listen", at(0), "--admin-listen", at(1), "--region", "us-central1", "--domain", "localhost",
			"--directory-url", s.Endpoints.ControlPlane.URL, "--snapshot", b.path(name + ".snapshot"), "--cache", "lru", "--access-log=false",
		},
		Env: append(os.Environ(), "ROUTER_EDGE_KEY="+s.Secrets.EdgeKey, "ROUTER_NATS_URL="+s.Endpoints.NATSURL,
			"ROUTER_DIRECTORY_TOKEN="+s.Secrets.Keys["router-us-central1"]),
		Ready: func(ctx context.Context) error {
			request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+at(1)+"/readyz", nil)
			if err != nil {
				return err
			}
			response, err := http.DefaultClient.Do(request)
			if err != nil {
				return err
			}
			defer response.Body.Close()
			if response.StatusCode != http.StatusOK {
				return errors.New(response.Status)
			}
			return nil
		},
		StopWithin: 10 * time.Second,
	}, servers.Attached)
	if err != nil {
		return "", nil, err
	}
	return "http://" + at(0), process.Stop, nil
}
