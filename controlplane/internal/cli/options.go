package cli

import (
	"context"
	"io"
	"time"
)

// Exit codes of the process.
const (
	ExitOK       = 0
	ExitFailed   = 1
	ExitUsage    = 2 // the command line itself is wrong; nothing was done
	ExitTimeout  = 3 // a wait timed out; what was waited for may still happen
	ExitAuth     = 4 // no key, a wrong key, or a role that is too low
	ExitConflict = 5 // the present state does not allow it, or a name is taken
	ExitMismatch = 6 // a verification found a difference
	ExitUndone   = 7 // a migration or rollout was undone: everything is where it was
)

// Options is what the process hands to a run of cellctl. Every field is
// required unless it says otherwise.
type Options struct {
	Args   []string // without the program's name
	Stdin  io.Reader
	Stdout io.Writer
	Stderr io.Writer

	// ReadSecret shows a prompt and reads a line without echo; nil when standard
	// input is not a terminal, in which case nobody is asked anything.
	ReadSecret func(ctx context.Context, prompt string) (string, error)
	// Browse shows a page in the person's browser; nil if there is none here.
	Browse         func(ctx context.Context, page string) error
	StdoutTerminal bool // colors make sense there
	StderrTerminal bool // a progress line makes sense there

	Config  string // path of the contexts file, which need not exist
	Dir     string // where the search for .local/platform.json begins
	APIKey  string // used with --server; may be empty
	NoColor bool

	Version      Version
	Now          func() time.Time // nil: time.Now
	PollInterval time.Duration    // between two looks while waiting; 0: one second
}

// Version says what was built.
type Version struct {
	Version string `json:"version"`
	Commit  string `json:"commit,omitempty"`
	Go      string `json:"go"`
}

func (o Options) withDefaults() Options {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.PollInterval == 0 {
		o.PollInterval = time.Second
	}
	return o
}

// Run executes one command line, writes its output, and returns the exit code.
// It returns soon after ctx ends.
func Run(ctx context.Context, opts Options) int {
	p := &program{opts: opts.withDefaults(), flags: globalFlags{output: formatTable}}
	root := p.root()
	root.SetArgs(opts.Args)
	cmd, err := root.ExecuteContextC(ctx)
	if err == nil {
		return ExitOK
	}
	return p.report(ctx, cmd, err)
}
