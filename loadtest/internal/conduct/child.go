package conduct

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"sync"
	"syscall"

	"github.com/coditect/platform/loadtest/internal/record"
)

// ChildCommand is the argument that makes this program a generator.
const ChildCommand = "generate"

// child is one generator in a process of its own.
type child struct {
	cmd    *exec.Cmd
	stdin  io.WriteCloser
	stderr bytes.Buffer
	over   chan struct{}

	// Of the process's end; read after over.
	recording *record.Recording
	err       error

	mu   sync.Mutex
	live *record.Live
}

func startChild(program string, a Assignment) (*child, error) {
	c := &child{cmd: exec.Command(program, ChildCommand), over: make(chan struct{}), live: record.NewLive()} //nolint:noctx // it ends with its standard input
	c.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}                                                  // the terminal's Ctrl-C is ours to pass on
	c.cmd.Stderr = &c.stderr
	stdin, err := c.cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	stdout, err := c.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	c.stdin = stdin
	if err := c.cmd.Start(); err != nil {
		return nil, fmt.Errorf("generator: %w", err)
	}
	told := json.NewEncoder(stdin).Encode(a)
	go func() {
		defer close(c.over)
		c.err = errors.Join(told, c.listen(stdout))
		if err := c.cmd.Wait(); err != nil && c.err == nil {
			c.err = fmt.Errorf("generator: %w: %s", err, bytes.TrimSpace(c.stderr.Bytes()))
		}
	}()
	return c, nil
}

func (c *child) listen(r io.Reader) error {
	lines := json.NewDecoder(r)
	for c.recording == nil {
		var m message
		if err := lines.Decode(&m); err != nil {
			return fmt.Errorf("generator: it ended without its result: %w", err)
		}
		if m.Failure != "" {
			return fmt.Errorf("generator: %s", m.Failure)
		}
		if m.Live != nil {
			c.mu.Lock()
			c.live.Add(m.Live)
			c.mu.Unlock()
		}
		c.recording = m.Recording
	}
	return nil
}

func (c *child) takeLive() *record.Live {
	c.mu.Lock()
	defer c.mu.Unlock()
	l := c.live
	c.live = record.NewLive()
	return l
}

// stop asks the process to end with what it has.
func (c *child) stop() { _ = c.stdin.Close() }
