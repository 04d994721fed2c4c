package servers

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
)

// initdb makes the data directory beside its final place and moves it there
// when it is whole: an interrupted attempt leaves nothing that looks like data.
func (s Postgres) initdb(ctx context.Context) error {
	fresh, passwordFile := s.data()+".new", filepath.Join(s.Dir, "password.new")
	if err := os.RemoveAll(fresh); err != nil {
		return err
	}
	if err := writePrivate(passwordFile, s.Password+"\n"); err != nil {
		return err
	}
	defer os.Remove(passwordFile) //nolint:errcheck // private, and replaced next time
	if err := handOver(ctx, s.Dir); err != nil {
		return err
	}
	args := []string{
		"--pgdata=" + fresh, "--username=" + SuperUser, "--pwfile=" + passwordFile, "--auth=scram-sha-256",
		"--encoding=UTF8", "--locale=C.UTF-8", "--no-sync", "--no-instructions",
	}
	if s.Checksums {
		args = append(args, "--data-checksums")
	}
	err := s.runOnce(ctx, "initdb", args...)
	if err != nil {
		return err
	}
	return os.Rename(fresh, s.data())
}

// runOnce runs one of Postgres' own programs to its end.
func (s Postgres) runOnce(ctx context.Context, program string, args ...string) error {
	return s.runOnceWith(ctx, nil, program, args...)
}

func (s Postgres) runOnceWith(ctx context.Context, env []string, program string, args ...string) error {
	cmd := exec.CommandContext(ctx, filepath.Join(postgresBin, program), args...)
	cmd.Env, cmd.Dir = append(baseEnv(), env...), anywhere
	cmd.SysProcAttr = &syscall.SysProcAttr{}
	if os.Geteuid() == 0 {
		if err := dropRoot(cmd.SysProcAttr); err != nil {
			return err
		}
	}
	if output, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", program, explain(err, Spec{Path: cmd.Path}), strings.TrimSpace(string(output)))
	}
	return nil
}
