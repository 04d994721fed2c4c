package app

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"os"
	"slices"
	"sync/atomic"
	"time"

	"github.com/coditect/platform/router/internal/policy"
	"github.com/coditect/platform/shared/plans"
)

// policyInterval is how often the files are looked at.
const policyInterval = 2 * time.Second

// policyFile holds the rules that are in force: the built-in ones, or those of
// two files, which are followed: rules for routes, and what is offered. Files
// that cannot be used leave the last rules.
type policyFile struct {
	path, plansPath string // "": the built-in document
	rules           atomic.Pointer[policy.Rules]
	last            []byte
}

// newPolicyFile reads the files.
func newPolicyFile(path, plansPath string) (*policyFile, error) {
	p := &policyFile{path: path, plansPath: plansPath}
	p.rules.Store(policy.Default())
	if path == "" && plansPath == "" {
		return p, nil
	}
	if _, err := p.reload(); err != nil {
		return nil, fmt.Errorf("--policy, --plans: %w", err)
	}
	return p, nil
}

// reload takes the files' rules if one has changed, and reports whether one had.
func (p *policyFile) reload() (bool, error) {
	raw, err := readIf(p.path)
	if err != nil {
		return false, err
	}
	offered, err := readIf(p.plansPath)
	if err != nil {
		return false, err
	}
	both := slices.Concat(raw, []byte{0}, offered)
	if bytes.Equal(both, p.last) {
		return false, nil
	}
	p.last = both // what is wrong with it is said once
	catalogue := plans.Default()
	if p.plansPath != "" {
		if catalogue, err = plans.Parse(p.plansPath, offered); err != nil {
			return true, err
		}
	}
	rules, err := policy.DefaultFor(catalogue)
	if p.path != "" {
		rules, err = policy.ParseFor(bytes.NewReader(raw), catalogue)
	}
	if err != nil {
		return true, fmt.Errorf("%s with %s: %w", cmp.Or(p.path, "the built-in rules"), cmp.Or(p.plansPath, "the built-in plans"), err)
	}
	p.rules.Store(rules)
	return true, nil
}

func readIf(path string) ([]byte, error) {
	if path == "" {
		return nil, nil
	}
	return os.ReadFile(path)
}

// watchPolicy follows the files until ctx ends.
func (r *router) watchPolicy(ctx context.Context) error {
	if r.policy.path == "" && r.policy.plansPath == "" {
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
			r.log.WarnContext(ctx, "policy not taken; the last rules stay", "err", err)
		case changed:
			r.log.InfoContext(ctx, "policy taken", "policy", r.policy.path, "plans", r.policy.plansPath)
		}
	}
}
