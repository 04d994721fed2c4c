package cli

import (
	"bufio"
	"context"
	"errors"
	"io"
	"os"
	"strings"
)

// maxKeyInput is more than any key and its line end, in bytes.
const maxKeyInput = 4 << 10

// newKey reads the key that a context shall have: from a file, from standard
// input, from a person, or as it was.
func (p *program) newKey(ctx context.Context, file, old string) (string, error) {
	if file == "" {
		if old != "" || p.opts.ReadSecret == nil {
			return old, nil
		}
		file = "-"
	}
	key, err := p.readSecret(ctx, file, "API key: ")
	if err != nil {
		return "", failed("read the key: %s", err)
	}
	return key, checkKey(key)
}

// readSecret reads a secret from a file, from standard input, or from a person.
func (p *program) readSecret(ctx context.Context, file, prompt string) (string, error) {
	var raw string
	var err error
	switch {
	case file == "-" && p.opts.ReadSecret != nil:
		raw, err = p.opts.ReadSecret(ctx, prompt)
	case file == "-":
		raw, err = readBounded(p.opts.Stdin)
	default:
		raw, err = readKeyFile(file)
	}
	return strings.TrimSpace(raw), err
}

func readKeyFile(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	raw, err := readBounded(f)
	return raw, errors.Join(err, f.Close())
}

func readBounded(r io.Reader) (string, error) {
	raw, err := io.ReadAll(io.LimitReader(r, maxKeyInput))
	return string(raw), err
}

// ask puts a question to the person at the terminal and returns the answer, or
// ctx's error as soon as it ends.
func (p *program) ask(ctx context.Context, question string) (string, error) {
	_, _ = io.WriteString(p.opts.Stderr, question)
	type reply struct {
		line string
		err  error
	}
	replies := make(chan reply, 1)
	go func() { // ends with the process if nobody answers
		line, err := bufio.NewReader(p.opts.Stdin).ReadString('\n')
		replies <- reply{line, err}
	}()
	select {
	case <-ctx.Done():
		p.note("")
		return "", ctx.Err()
	case r := <-replies:
		if errors.Is(r.err, io.EOF) {
			p.note("")
			r.err = nil
		}
		return strings.TrimSpace(r.line), r.err
	}
}
