package main

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/coditect/platform/deploy/local"
	"github.com/coditect/platform/deploy/local/smtpsink"
)

// errReported is the failure of a command that has said all there is to say.
var errReported = errors.New("already reported")

// flags are what all commands have in common.
type flags struct {
	dir        string
	portOffset int
	moved      bool // the offset was given
	watched    bool
	jaeger     string
	out        io.Writer
}

func command(out io.Writer, getenv func(string) string) *cobra.Command {
	f := &flags{out: out}
	root := &cobra.Command{
		Use:           "local",
		Short:         "The whole platform on this machine",
		SilenceUsage:  true,
		SilenceErrors: true,
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			return f.complete(cmd, getenv("PORT_OFFSET"))
		},
	}
	root.SetOut(out)
	root.PersistentFlags().StringVar(&f.dir, "dir", "", "the platform's directory (default: .local in the repository)")
	root.PersistentFlags().IntVar(&f.portOffset, "port-offset", 0, "moves all ports; also PORT_OFFSET in the environment (default: where it ran last)")
	root.AddCommand(upCommand(f), downCommand(f), nukeCommand(f), statusCommand(f), logsCommand(f), restartCommand(f), sinkCommand())
	return root
}

func (f *flags) complete(cmd *cobra.Command, fromEnvironment string) error {
	f.moved = cmd.Flags().Changed("port-offset")
	if f.moved || fromEnvironment == "" {
		return nil
	}
	offset, err := strconv.Atoi(fromEnvironment)
	if err != nil {
		return fmt.Errorf("PORT_OFFSET is %q, which is not a number", fromEnvironment)
	}
	f.portOffset, f.moved = offset, true
	return nil
}

func (f *flags) platform() (*local.Platform, error) {
	root, err := repository()
	if err != nil {
		return nil, err
	}
	opts := local.Options{Root: root, Dir: f.dir, Out: f.out, Watched: f.watched, Jaeger: f.jaeger}
	if f.moved {
		opts.Ports = local.DefaultPorts(f.portOffset)
	}
	return local.New(opts)
}

// repository finds the repository that the working directory is in.
func repository() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "deploy", "local", "install.sh")); err == nil {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", errors.New("run this inside the platform's repository")
		}
		dir = parent
	}
}

func upCommand(f *flags) *cobra.Command {
	cmd := &cobra.Command{
		Use: "up", Short: "Start everything that does not run", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			p, err := f.platform()
			if err != nil {
				return err
			}
			return p.Up(cmd.Context())
		},
	}
	cmd.Flags().BoolVar(&f.watched, "watched", true, "with Prometheus and Alertmanager")
	cmd.Flags().StringVar(&f.jaeger, "jaeger", "", "path of Jaeger's program, which takes the traces; it may be built later (default: nothing is traced)")
	return cmd
}

func downCommand(f *flags) *cobra.Command {
	return &cobra.Command{
		Use: "down", Short: "Stop everything and keep the data", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			p, err := f.platform()
			if err != nil {
				return err
			}
			return p.Down(cmd.Context())
		},
	}
}

func nukeCommand(f *flags) *cobra.Command {
	return &cobra.Command{
		Use: "nuke", Short: "Stop everything and remove the data", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			p, err := f.platform()
			if err != nil {
				return err
			}
			return p.Nuke(cmd.Context())
		},
	}
}

func statusCommand(f *flags) *cobra.Command {
	return &cobra.Command{
		Use: "status", Short: "Show all parts; exit status 1 if one is dead", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			p, err := f.platform()
			if err != nil {
				return err
			}
			parts, err := p.Status(cmd.Context())
			if err != nil {
				return err
			}
			if err := local.WriteStatus(f.out, parts); err != nil {
				return err
			}
			for _, part := range parts {
				if part.Condition == local.Dead {
					return errReported
				}
			}
			return nil
		},
	}
}

func logsCommand(f *flags) *cobra.Command {
	var follow bool
	cmd := &cobra.Command{
		Use: "logs [part]", Short: "Show the end of a part's log, or of all", Args: cobra.MaximumNArgs(1), ValidArgs: local.PartNames(),
		RunE: func(cmd *cobra.Command, args []string) error {
			p, err := f.platform()
			if err != nil {
				return err
			}
			name := ""
			if len(args) == 1 {
				name = args[0]
			}
			return p.Logs(cmd.Context(), f.out, name, follow)
		},
	}
	cmd.Flags().BoolVarP(&follow, "follow", "f", false, "go on until interrupted")
	return cmd
}

func restartCommand(f *flags) *cobra.Command {
	return &cobra.Command{
		Use: "restart part", Short: "Build the programs and restart one part", Args: cobra.ExactArgs(1), ValidArgs: local.PartNames(),
		RunE: func(cmd *cobra.Command, args []string) error {
			p, err := f.platform()
			if err != nil {
				return err
			}
			return p.Restart(cmd.Context(), args[0])
		},
	}
}

// sinkCommand is the mail part itself: up runs it as a process of its own.
func sinkCommand() *cobra.Command {
	var opts smtpsink.Options
	cmd := &cobra.Command{
		Use: "smtpsink", Short: "Run the mail server that keeps what it gets", Args: cobra.NoArgs, Hidden: true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			opts.Log = slog.New(slog.NewJSONHandler(os.Stderr, nil))
			return smtpsink.Serve(cmd.Context(), opts)
		},
	}
	cmd.Flags().StringVar(&opts.SMTPListen, "smtp-listen", "127.0.0.1:15425", "address of the mail server")
	cmd.Flags().StringVar(&opts.Listen, "listen", "127.0.0.1:8025", "address of the web page")
	cmd.Flags().StringVar(&opts.Dir, "store", "", "directory of the mails")
	_ = cmd.MarkFlagRequired("store") // it exists
	return cmd
}
