package hold

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"syscall"

	"golang.org/x/sync/errgroup"
)

// Command is the argument that makes this program a process that holds.
const Command = "hold"

// Holder is all processes together.
type Holder struct{ all []*process }

type process struct {
	cmd    *exec.Cmd
	in     io.WriteCloser
	out    *json.Decoder
	stderr bytes.Buffer
}

// Start starts a process for each part; the first Round comes from their opening.
func Start(program string, parts []Part) (*Holder, error) {
	h := &Holder{}
	for i := range parts {
		one := &process{cmd: exec.Command(program, Command)} //nolint:noctx // it ends with its standard input
		if err := one.start(&parts[i]); err != nil {
			return nil, errors.Join(fmt.Errorf("hold: %w", err), h.Close())
		}
		h.all = append(h.all, one)
	}
	return h, nil
}

func (p *process) start(part *Part) (err error) {
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // the terminal's Ctrl-C is ours to pass on
	p.cmd.Stderr = &p.stderr
	if p.in, err = p.cmd.StdinPipe(); err != nil {
		return err
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return err
	}
	p.out = json.NewDecoder(out)
	if err := p.cmd.Start(); err != nil {
		return err
	}
	return json.NewEncoder(p.in).Encode(part)
}

// Ask tells every process to ask again; Round has the answers.
func (h *Holder) Ask() error {
	for _, p := range h.all {
		if _, err := io.WriteString(p.in, "\n"); err != nil {
			return p.failed(err)
		}
	}
	return nil
}

// Round waits until all have asked.
func (h *Holder) Round() (*Answer, error) {
	answers := make([]Answer, len(h.all))
	var group errgroup.Group
	for i, p := range h.all {
		group.Go(func() error {
			if err := p.out.Decode(&answers[i]); err != nil {
				return p.failed(err)
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	sum := &Answer{}
	for i := range answers {
		sum.Add(&answers[i])
	}
	return sum, nil
}

func (p *process) failed(err error) error {
	return fmt.Errorf("hold: a process that holds connections: %w: %s", err, bytes.TrimSpace(p.stderr.Bytes()))
}

// Close ends the processes, and with them all connections.
func (h *Holder) Close() error {
	var failed []error
	for _, p := range h.all {
		_ = p.in.Close() // it ends by this, if it has not already
	}
	for _, p := range h.all {
		failed = append(failed, p.cmd.Wait())
	}
	h.all = nil
	return errors.Join(failed...)
}
