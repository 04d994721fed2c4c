package holder

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
)

// endWithin is how long a helper may take to end once its input has.
const endWithin = 10 * time.Second

// Holder is all helpers together.
type Holder struct{ helpers []*helper }

type helper struct {
	cmd    *exec.Cmd
	in     io.WriteCloser
	out    *bufio.Reader
	errors strings.Builder
}

// Start starts one helper for each part: this program with the argument
// Role and the part.
func Start(parts []Part) (*Holder, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	h := &Holder{}
	for _, part := range parts {
		raw, err := json.Marshal(part)
		if err != nil {
			return nil, errors.Join(err, h.Close())
		}
		one := &helper{cmd: exec.Command(self, Role, string(raw))} //nolint:noctx // Close ends it
		if err := one.start(); err != nil {
			return nil, errors.Join(err, h.Close())
		}
		h.helpers = append(h.helpers, one)
	}
	return h, nil
}

func (h *helper) start() (err error) {
	if h.in, err = h.cmd.StdinPipe(); err != nil {
		return err
	}
	out, err := h.cmd.StdoutPipe()
	if err != nil {
		return err
	}
	h.out = bufio.NewReader(out)
	h.cmd.Stderr = &h.errors
	return h.cmd.Start()
}

// Ask sends a request on every connection and returns how many were answered,
// how many of them wrongly or not at all, and what went wrong first.
func (h *Holder) Ask() (requests, wrong int, first string, err error) {
	reports := make([]report, len(h.helpers))
	var tasks errgroup.Group
	for i, one := range h.helpers {
		tasks.Go(func() (err error) {
			reports[i], err = one.ask()
			return err
		})
	}
	if err := tasks.Wait(); err != nil {
		return 0, 0, "", err
	}
	for _, r := range reports {
		requests, wrong = requests+r.Requests, wrong+r.Errors
		if first == "" {
			first = r.Error
		}
	}
	return requests, wrong, first, nil
}

func (h *helper) ask() (r report, err error) {
	if _, err := io.WriteString(h.in, "ask\n"); err != nil {
		return r, h.failed(err)
	}
	line, err := h.out.ReadBytes('\n')
	if err != nil {
		return r, h.failed(err)
	}
	return r, json.Unmarshal(line, &r)
}

func (h *helper) failed(err error) error {
	return fmt.Errorf("helper that holds connections: %w\n%s", err, h.errors.String())
}

// Close ends the helpers, and with them all connections.
func (h *Holder) Close() error {
	var errs []error
	for _, one := range h.helpers {
		_ = one.in.Close() // closed already, or the helper is gone
	}
	for _, one := range h.helpers {
		kill := time.AfterFunc(endWithin, func() { _ = one.cmd.Process.Kill() })
		errs = append(errs, one.cmd.Wait())
		kill.Stop()
	}
	h.helpers = nil
	return errors.Join(errs...)
}
