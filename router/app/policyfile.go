package app

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"sync/atomic"
	"time"

	"github.com/coditect/platform/router/internal/policy"
)

// policyInterval is how often the file is looked at.
const policyInterval = 2 * time.Second

// policyFile holds the rules that are in force. With a path, they are the
// file's, and follow it; a file that cannot be used leaves the last ones.
type policyFile struct {
	path  string
	rules atomic.Pointer[policy.Rules]
	last  []byte
}

// newPolicyFile reads the file; without a path the built-in rules hold.
func newPolicyFile(path string) (*policyFile, error) {
	p := &policyFile{path: path}
	p.rules.Store(policy.Default())
	if path == "" {
		return p, nil
	}
	if _, err := p.reload(); err != nil {
		return nil, fmt.Errorf("--policy: %w", err)
	}
	return p, nil
}

// reload takes the file's rules if it has changed, and reports whether it had.
func (p *policyFile) reload() (bool, error) {
	raw, err := os.ReadFile(p.path)
	if err != nil || bytes.Equal(raw, p.last) {
		return false, err
	}
	p.last = raw // what is wrong with it is said once
	rules, err := policy.Parse(bytes.NewReader(raw))
	if err != nil {
		return true, fmt.Errorf("%s: %w", p.path, err)
	}
	p.rules.Store(rules)
	return true, nil
}

// watchPolicy follows the file until ctx ends.
func (r *router) watchPolicy(ctx context.Context) error {
	if r.policy.path == "" {
		return nil
	}
	tick := time.NewTicker(policyInterval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		switch changed, err := r.policy.reload(); {
		case err != nil && changed:
			r.log.WarnContext(ctx, "policy file not taken; the last rules stay", "err", err)
		case changed:
			r.log.InfoContext(ctx, "policy file taken", "path", r.policy.path)
		}
	}
}
