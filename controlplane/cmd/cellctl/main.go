// Command cellctl is the operators' command line. See docs/cellctl.md.
package main

import (
	"context"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"syscall"

	"github.com/coditect/platform/controlplane/internal/cli"
)

// version is set by the linker in releases.
var version = "dev"

func main() { os.Exit(run()) }

func run() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends the process at once
	dir, err := os.Getwd()
	if err != nil {
		dir = "/" // removed under us: there is no local platform then
	}
	return cli.Run(ctx, cli.Options{
		Args:           os.Args[1:],
		Stdin:          os.Stdin,
		Stdout:         os.Stdout,
		Stderr:         os.Stderr,
		ReadSecret:     cli.SecretReader(os.Stdin, os.Stderr),
		Browse:         browser(),
		StdoutTerminal: cli.IsTerminal(os.Stdout),
		StderrTerminal: cli.IsTerminal(os.Stderr),
		Config:         config(),
		Dir:            dir,
		APIKey:         os.Getenv("CELLCTL_API_KEY"),
		NoColor:        os.Getenv("NO_COLOR") != "" || os.Getenv("TERM") == "dumb",
		Version:        cli.Version{Version: version, Commit: commit(), Go: runtime.Version()},
	})
}

// config is the path of the contexts file.
func config() string {
	if path := os.Getenv("CELLCTL_CONFIG"); path != "" {
		return path
	}
	base := os.Getenv("XDG_CONFIG_HOME")
	if base == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			home = "." // no home: the working directory has to do
		}
		base = filepath.Join(home, ".config")
	}
	return filepath.Join(base, "coditect", "cellctl.json")
}

// browser returns what shows a page here; nil where nobody looks at a screen.
func browser() func(context.Context, string) error {
	program := "xdg-open"
	if runtime.GOOS == "darwin" {
		program = "open"
	} else if os.Getenv("DISPLAY")+os.Getenv("WAYLAND_DISPLAY") == "" {
		return nil
	}
	path, err := exec.LookPath(program)
	if err != nil {
		return nil
	}
	return func(ctx context.Context, page string) error { return exec.CommandContext(ctx, path, page).Run() }
}

func commit() string {
	info, _ := debug.ReadBuildInfo()
	if info == nil {
		return ""
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			return s.Value
		}
	}
	return ""
}
