package cli

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/charmbracelet/x/term"
)

// IsTerminal reports whether a person is at the other end of f.
func IsTerminal(f *os.File) bool { return term.IsTerminal(f.Fd()) }

// SecretReader returns a function for Options.ReadSecret that reads from the
// terminal in and prompts on out; nil if in is no terminal. The terminal's echo
// comes back also if the person gives up.
func SecretReader(in *os.File, out io.Writer) func(context.Context, string) (string, error) {
	if !IsTerminal(in) {
		return nil
	}
	return func(ctx context.Context, prompt string) (string, error) {
		before, err := term.GetState(in.Fd())
		if err != nil {
			return "", err
		}
		_, _ = io.WriteString(out, prompt)
		defer fmt.Fprintln(out)
		type reply struct {
			secret []byte
			err    error
		}
		replies := make(chan reply, 1)
		go func() { // ends with the process if nobody answers
			secret, err := term.ReadPassword(in.Fd())
			replies <- reply{secret, err}
		}()
		select {
		case <-ctx.Done():
			_ = term.Restore(in.Fd(), before) // there is nothing more to do about it
			return "", ctx.Err()
		case r := <-replies:
			return string(r.secret), r.err
		}
	}
}
