package cli

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// localName is the built-in context: the platform on this machine whose state
// lies in .local/platform.json, here or in a directory above.
const localName = "local"

// platformFile is the part of platform.json that cellctl needs.
type platformFile struct {
	Endpoints struct {
		ControlPlane struct {
			URL   string `json:"url"`
			Token string `json:"token"`
		} `json:"controlplane"`
	} `json:"endpoints"`
}

// localContext reads the local platform's context and the path it was found
// at; the path is "" if there is no local platform.
func (p *program) localContext() (storedContext, string, error) {
	for dir := filepath.Clean(p.opts.Dir); ; dir = filepath.Dir(dir) {
		path := filepath.Join(dir, ".local", "platform.json")
		raw, err := os.ReadFile(path)
		switch {
		case err == nil:
			found, err := parsePlatform(raw, path)
			return found, path, err
		case !errors.Is(err, fs.ErrNotExist):
			return storedContext{}, path, failed("read the local platform's state: %s", err).withHint("was it started by another user? use --context to choose another control plane")
		case dir == filepath.Dir(dir):
			return storedContext{}, "", nil
		}
	}
}

func parsePlatform(raw []byte, path string) (storedContext, error) {
	var state platformFile
	if json.Unmarshal(raw, &state) != nil || state.Endpoints.ControlPlane.URL == "" {
		return storedContext{}, failed("%s does not name a control plane", path).withHint("run 'make up' and wait until it is done")
	}
	return storedContext{Server: state.Endpoints.ControlPlane.URL, Key: state.Endpoints.ControlPlane.Token}, nil
}
