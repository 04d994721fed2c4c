package cli

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// contextFile is the contexts file: which control planes there are, and the
// key for each. It is replaced as a whole, readable by its owner alone.
type contextFile struct {
	Current  string                   `json:"current,omitempty"`
	Contexts map[string]storedContext `json:"contexts"`
}

// storedContext is one control plane in the file.
type storedContext struct {
	Server    string       `json:"server"`
	Key       string       `json:"key,omitempty"`
	Login     *storedLogin `json:"login,omitempty"`      // instead of the key, if there is one
	AllowHTTP bool         `json:"allow_http,omitempty"` // send the key unencrypted to another machine
}

// loadContexts reads the file; one that does not exist is empty.
func (p *program) loadContexts() (*contextFile, error) {
	file := &contextFile{Contexts: map[string]storedContext{}}
	raw, err := os.ReadFile(p.opts.Config)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return file, nil
	case err != nil:
		return nil, failed("read the contexts file: %s", err).withHint("CELLCTL_CONFIG names another file")
	}
	if err := json.Unmarshal(raw, file); err != nil {
		// The decoder's own text could quote a part of a key.
		return nil, failed("the contexts file %s is not valid JSON", p.opts.Config).withHint("repair it, or move it away and use 'cellctl context set'")
	}
	if file.Contexts == nil {
		file.Contexts = map[string]storedContext{}
	}
	p.warnIfShared()
	return file, nil
}

// warnIfShared tells once if other people on the machine can read the keys.
func (p *program) warnIfShared() {
	info, err := os.Stat(p.opts.Config)
	if err == nil && info.Mode().Perm()&0o077 != 0 && !p.warned {
		p.warned = true
		p.note("warning: others can read the keys in %s; run: chmod 600 %s", p.opts.Config, p.opts.Config)
	}
}

// saveContexts replaces the file.
func (p *program) saveContexts(file *contextFile) error {
	raw, err := encode(file, true)
	if err != nil {
		return err
	}
	path := p.opts.Config
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target // a link, as dotfile managers make them, stays one
	}
	if err := replaceFile(path, raw); err != nil {
		return failed("write the contexts file: %s", err).withHint("CELLCTL_CONFIG names another file")
	}
	return nil
}

// replaceFile writes a file of mode 0600 such that a reader sees the old or the
// new content, never a part.
func replaceFile(path string, content []byte) (err error) {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	next, err := os.CreateTemp(dir, filepath.Base(path)+".*") // of mode 0600
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(next.Name())
		}
	}()
	_, err = next.Write(content)
	if err = errors.Join(err, next.Sync(), next.Close()); err != nil {
		return err
	}
	return os.Rename(next.Name(), path)
}
