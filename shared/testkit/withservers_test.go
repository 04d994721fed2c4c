package testkit_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/coditect/platform/shared/testkit"
)

// asWithServers makes this test binary run its value as a shell command with
// servers: their directory is a program's own, so this needs another program.
const asWithServers = "TESTKIT_TEST_AS_WITHSERVERS"

func TestMain(m *testing.M) {
	script := os.Getenv(asWithServers)
	if script == "" {
		testkit.Main(m)
	}
	status, err := testkit.WithServers(context.Background(), exec.CommandContext(context.Background(), "/bin/sh", "-c", script))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	os.Exit(status)
}

func TestWithServersTellsTheCommandAndPassesItsStatusOn(t *testing.T) {
	t.Parallel()
	self := exec.Command(os.Args[0])
	self.Env = append(os.Environ(), asWithServers+`=test -n "$PLATFORM_TEST_SERVERS" && exit 7`)
	output, err := self.CombinedOutput()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 7 {
		t.Errorf("%v\n%s", err, output)
	}
}

func TestDataOfDeadRunsIsRemoved(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	dead := filepath.Join(root, ".local", "testkit", "1-1") // process 1 started at another time
	if err := os.MkdirAll(dead, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(root, "go.mod"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	self := exec.Command(os.Args[0], "-test.run=^TestRedisDatabasesAreApart$")
	self.Dir = root
	if output, err := self.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	if _, err := os.Stat(dead); !os.IsNotExist(err) {
		t.Errorf("%s is still there (%v)", dead, err)
	}
}
