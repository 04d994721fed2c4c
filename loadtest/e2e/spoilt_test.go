package e2e_test

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"
)

// A program that cannot read what it was started with ends, and does not say what
// that holds: errors of parsers quote what they parse.
func TestNoProgramSaysTheSecretsOfASpoiltConfiguration(t *testing.T) {
	t.Parallel()
	p := platform(t)
	tried := 0
	for _, name := range []string{"controlplane", "router-" + us, "cell-a-api", "cell-a-worker"} {
		command, environ := started(t, p.State().Parts[name].PID)
		for _, variable := range slices.Sorted(maps.Keys(environ)) {
			scheme, _, isURL := strings.Cut(environ[variable], "://")
			if !isURL {
				continue
			}
			s := newPlanted(p)
			for _, value := range []string{
				fmt.Sprintf("%s://user:%s@127.0.0.1:port/%%zz?password=%s", scheme, s.fresh("password"), s.fresh("parameter")),
				fmt.Sprintf("%s://user:%s/slash@127.0.0.1/", scheme, s.fresh("password with a slash")), // read as a port
			} {
				spoilt := maps.Clone(environ)
				spoilt[variable] = value
				s.judge(t, name+" without a good "+variable, failing(t, variable, command, spoilt))
				tried++
			}
		}
	}
	if tried < 18 {
		t.Errorf("only %d were spoilt", tried)
	}
}

// started is what a process was started with.
func started(t *testing.T, pid int) (command []string, environ map[string]string) {
	t.Helper()
	list := func(name string) []string {
		raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", pid, name))
		if err != nil {
			t.Fatal(err)
		}
		return strings.Split(string(bytes.TrimRight(raw, "\x00")), "\x00")
	}
	environ = map[string]string{}
	for _, entry := range list("environ") {
		name, value, _ := strings.Cut(entry, "=")
		environ[name] = value
	}
	command = list("cmdline")
	for i, arg := range command { // beside the process, a second one listens elsewhere
		if strings.HasSuffix(arg, "listen") {
			command[i+1] = "127.0.0.1:0"
		}
	}
	return command, environ
}

// failing runs a program that must end by itself, with an error, and returns
// what it says.
func failing(t *testing.T, variable string, command []string, environ map[string]string) []byte {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	program := exec.CommandContext(ctx, command[0], command[1:]...)
	program.Dir = t.TempDir()
	for name, value := range environ {
		program.Env = append(program.Env, name+"="+value)
	}
	says, err := program.CombinedOutput()
	if err == nil || ctx.Err() != nil {
		t.Errorf("%s went on without a good %s: %s", command[:2], variable, says)
	}
	return says
}
