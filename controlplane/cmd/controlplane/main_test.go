package main

import (
	"bytes"
	"regexp"
	"strings"
	"testing"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/shared/testkit"
)

// execute runs one command line and returns what it printed.
func execute(t *testing.T, env map[string]string, stdin string, args ...string) (string, error) {
	t.Helper()
	var out bytes.Buffer
	cmd := command(func(name string) string { return env[name] })
	cmd.SetArgs(args)
	cmd.SetIn(strings.NewReader(stdin))
	cmd.SetOut(&out)
	cmd.SetErr(&out)
	err := cmd.ExecuteContext(t.Context())
	return out.String(), err
}

func TestPrepareADatabase(t *testing.T) {
	t.Parallel()
	env := map[string]string{databaseURL: testkit.Postgres(t)}
	secret := controlplane.NewSecret()
	ensure := []string{"key", "ensure", "--name", "root", "--role", "admin"}
	if _, err := execute(t, env, secret, ensure...); err == nil || !strings.Contains(err.Error(), "schema up") {
		t.Errorf("before the schema: %v", err)
	}
	for range 2 {
		if out, err := execute(t, env, "", "schema", "up"); err != nil || !regexp.MustCompile(`^schema is at version \d+\n`).MatchString(out) {
			t.Errorf("%s, %v", out, err)
		}
	}
	for _, want := range []string{"is set", "is as it was"} {
		if out, err := execute(t, env, secret+"\n", ensure...); err != nil || !strings.Contains(out, want) {
			t.Errorf("%s, %v, want %q", out, err, want)
		}
	}
}

func TestRefusalsSayWhatToDoAndTellNoSecret(t *testing.T) {
	t.Parallel()
	const geheim = "geheim"
	for says, c := range map[string]struct {
		env   map[string]string
		stdin string
		args  []string
	}{
		"CONTROLPLANE_DATABASE_URL":    {nil, "", []string{"schema", "up"}},
		"not hex":                      {map[string]string{"CONTROLPLANE_CONTROL_KEY": geheim}, "", []string{"serve"}},
		"--trusted-proxies":            {map[string]string{"CONTROLPLANE_CONTROL_KEY": ""}, "", []string{"serve", "--trusted-proxies", "10.0.0.0/8,proxy"}},
		"--signups-per-client":         {nil, "", []string{"serve", "--signups-per-client", "-1"}},
		"postgres:// URL":              {map[string]string{databaseURL: "postgres://u:" + geheim + "@%zz/"}, "", []string{"schema", "up"}},
		"set CONTROLPLANE_CONTROL_KEY": {map[string]string{databaseURL: "postgres://x/y"}, "", []string{"identity", "rebuild-emails"}},
		"43 base64url":                 {map[string]string{databaseURL: "postgres://x/y"}, geheim, []string{"key", "ensure", "--name", "x", "--role", "viewer"}},
		"no such role":                 {map[string]string{databaseURL: "postgres://x/y"}, "", []string{"key", "ensure", "--name", "x", "--role", "boss"}},
		"required flag":                {nil, "", []string{"key", "ensure"}},
		"unknown command":              {nil, "", []string{"dance"}},
	} {
		out, err := execute(t, c.env, c.stdin, c.args...)
		if err == nil || !strings.Contains(err.Error(), says) || strings.Contains(out+err.Error(), geheim) {
			t.Errorf("%v: %s, %v", c.args, out, err)
		}
	}
}
