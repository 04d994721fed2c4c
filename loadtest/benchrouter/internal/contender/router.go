package contender

import (
	"context"
	"fmt"
	"net/http"
	"path/filepath"

	"github.com/coditect/platform/loadtest/benchrouter/internal/workload"
)

// EdgeKey is the routers' master of the cells' keys, in hex.
const EdgeKey = "5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a"

// RouterOptions is what a router is told beyond the setup.
type RouterOptions struct {
	Program string   // its path
	Name    string   // of its directory and in messages; "router" if empty
	Port    int      // shared with other routers; 0: one of its own
	Flags   []string // more of them
}

// Router starts the router with a snapshot on disk, a control plane that is down
// and no NATS.
func Router(s *Setup, o RouterOptions) (*Contender, error) {
	if o.Name == "" {
		o.Name = "router"
	}
	port, err := o.Port, error(nil)
	if port == 0 {
		port, err = freePort()
	}
	if err != nil {
		return nil, err
	}
	admin, err := freePort()
	if err != nil {
		return nil, err
	}
	snapshot, err := ownSnapshot(s, o.Name)
	if err != nil {
		return nil, err
	}
	args := append([]string{
		"--listen", address(port).String(), "--admin-listen", address(admin).String(), "--domain", workload.Domain,
		"--directory-url", "http://127.0.0.1:1", "--nats-url", "nats://127.0.0.1:1", "--snapshot", snapshot,
		"--access-log=false", "--log-level", "error",
	}, o.Flags...)
	if o.Port != 0 {
		args = append(args, "--reuse-port")
	}
	env := []string{"ROUTER_EDGE_KEY=" + EdgeKey, "ROUTER_DIRECTORY_TOKEN=none"}
	if s.Threads > 0 {
		env = append(env, "GOMAXPROCS="+itoa(s.Threads))
	}
	return start(s, program{name: o.Name, path: o.Program, args: args, env: env, port: port, ready: loaded(admin)})
}

// loaded is ready when the router is.
func loaded(admin int) func(context.Context) error {
	return func(ctx context.Context) error {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address(admin).String()+"/readyz", nil)
		if err != nil {
			return err
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			return fmt.Errorf("readiness is %d", resp.StatusCode)
		}
		return nil
	}
}

// ownSnapshot gives each router a directory of its own for the snapshot: it
// may rewrite the file.
func ownSnapshot(s *Setup, name string) (string, error) {
	path := filepath.Join(s.Dir, name, "directory.snapshot")
	return path, copyFile(s.Snapshot, path)
}
