package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"

	"github.com/coditect/platform/deploy/local"
	"github.com/coditect/platform/loadtest/internal/plane"
	"github.com/coditect/platform/loadtest/internal/scenario"
)

// localDomain is where tenants of the local platform answer.
const localDomain = "localhost"

// local reads the local platform's state; nil if there is none.
func (p *program) local() (*local.State, error) {
	text, err := os.ReadFile(p.platform)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil //nolint:nilnil // that there is none is an answer
	}
	if err != nil {
		return nil, fmt.Errorf("local platform: %w", err)
	}
	state := &local.State{}
	if err := json.Unmarshal(text, state); err != nil {
		return nil, fmt.Errorf("local platform: %s: %w", p.platform, err)
	}
	return state, nil
}

// inPlace fills in the local platform where a scenario names no target.
func inPlace(state *local.State) scenario.Override {
	return func(o *scenario.Overridable) {
		if state == nil || len(state.Endpoints.Routers) == 0 {
			return
		}
		if *o.URL == "" {
			region := slices.Sorted(maps.Keys(state.Endpoints.Routers))[0]
			*o.URL, *o.Domain = state.Endpoints.Routers[region].URL, localDomain
		}
		if *o.ControlPlane == "" {
			*o.ControlPlane = state.Endpoints.ControlPlane.URL
		}
	}
}

// errNoKey says that a command needs an operator's key.
var errNoKey = errors.New("this needs an operator's key: set LOADTEST_OPERATOR_KEY, or start the local platform")

// operator is the control plane at url, or the local one.
func (p *program) operator(state *local.State, url string) (*plane.Plane, error) {
	key := p.opts.OperatorKey
	if state != nil && (url == "" || url == state.Endpoints.ControlPlane.URL) {
		url = state.Endpoints.ControlPlane.URL
		if key == "" {
			key = state.Endpoints.ControlPlane.Token
		}
	}
	if key == "" || url == "" {
		return nil, misused(errNoKey)
	}
	return plane.New(url, key), nil
}
