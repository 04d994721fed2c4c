//go:build smuggling

package smuggling_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/coditect/platform/shared/testkit"
)

// build builds our own programs and returns the directory that they are in.
func build(t *testing.T, packages ...string) string {
	t.Helper()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(root, ".local", "smuggling")
	command := exec.CommandContext(testkit.Context(t), "go", append([]string{"build", "-o", dir + "/"}, packages...)...)
	command.Dir = root
	if out, err := command.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	return dir
}

// listens is ready when somebody listens on the port.
func listens(port int) func(context.Context) error {
	return func(ctx context.Context) error {
		conn, err := new(net.Dialer).DialContext(ctx, "tcp", loopback(port))
		if err != nil {
			return err
		}
		return conn.Close()
	}
}

// readyz is ready when the admin listener on the port says so.
func readyz(port int) func(context.Context) error {
	return func(ctx context.Context) error {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+loopback(port)+"/readyz", nil)
		if err != nil {
			return err
		}
		resp, err := http.DefaultTransport.RoundTrip(req)
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

func loopback(port int) string { return "127.0.0.1:" + strconv.Itoa(port) }
