package cli_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/coditect/platform/controlplane/internal/cli"
	"github.com/coditect/platform/shared/fault"
)

var create = []string{"tenant", "create", "initech", "--organization", "Initech", "--owner-name", "Bill", "--owner-email", "bill@initech.com"}

func (f *fakePlane) idempotencyKeys() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]string{}, f.keys...)
}

func TestCreateRepeatsUntilThrough(t *testing.T) {
	t.Parallel()
	plane := startPlane(t)
	term := newTerminal(t, plane)
	plane.refuseNext(
		fault.New(fault.Unavailable, "the cell does not answer"),
		fault.New(fault.Conflict, "this sign-up is being worked on").After(time.Second),
		nil, // the sign-up
		fault.New(fault.BadGateway, "the proxy hiccups"),
	)
	term.run(append(create, "-o", "json")...).wants(t, 0, "waiting: the cell does not answer\nwaiting: this sign-up is being worked on\n", `"state": "active"`, `"api_key": "cdt_owner-secret"`, `"url": "http://initech.localhost:8080"`)
	if keys := plane.idempotencyKeys(); len(keys) != 1 || len(keys[0]) != 36 {
		t.Errorf("idempotency keys of the requests that arrived: %q", keys)
	}
}

func TestCreateTimesOut(t *testing.T) {
	t.Parallel()
	plane := startPlane(t)
	term := newTerminal(t, plane)
	for range 10_000 {
		plane.refuseNext(fault.New(fault.Unavailable, "no cell has room"))
	}
	r := term.run(append(create, "--timeout", "50ms")...)
	r.wants(t, cli.ExitTimeout, "not within 50ms: no cell has room (unavailable, request id ", "--idempotency-key ")
	key := regexp.MustCompile(`--idempotency-key (\S+)`).FindStringSubmatch(r.stderr)[1]
	plane.mu.Lock()
	plane.refuse = nil
	plane.mu.Unlock()
	term.run(append(create, "--idempotency-key", key)...).wants(t, 0, "cdt_owner-secret")
	term.run(append(create, "--idempotency-key", key)...).wants(t, 0, "cdt_owner-secret") // the same answer again
	for _, sent := range plane.idempotencyKeys() {
		if sent != key {
			t.Errorf("shown %q, and sent %q", key, sent)
		}
	}
	term.run("tenant", "ls", "--slug", "initech").wants(t, 0, "initech   active   cell-a")
}

func TestCreateWithoutWait(t *testing.T) {
	t.Parallel()
	plane := startPlane(t)
	term := newTerminal(t, plane)
	plane.refuseNext(fault.New(fault.Unavailable, "no cell has room").After(7 * time.Second))
	term.run(append(create, "--wait=false")...).wants(t, cli.ExitFailed, "no cell has room", "try again in 7s; to repeat this safely, add --idempotency-key ")
	plane.refuseNext(fault.New(fault.Conflict, "this sign-up is being worked on").After(time.Second))
	term.run(append(create, "--wait=false")...).wants(t, cli.ExitConflict, "being worked on", "add --idempotency-key ")
	term.run(append(create, "--wait=false")...).wants(t, 0, "State     provisioning")
	plane.refuseNext(nil, fault.New(fault.Invalid, "the e-mail address is none"))
	for _, why := range []string{"the slug is taken", "the e-mail address is none"} {
		r := term.run(create...)
		r.wants(t, r.code, why)
		if r.code == 0 || strings.Contains(r.stderr, "--idempotency-key") {
			t.Errorf("a refusal for good suggests to repeat: %+v", r)
		}
	}
}

func TestCreateKeepsTheKeyInAFile(t *testing.T) {
	t.Parallel()
	plane := startPlane(t)
	term := newTerminal(t, plane)
	for _, format := range []string{"table", "wide", "json", "jsonl"} {
		file := filepath.Join(term.dir, format+".key")
		r := term.run(append(create, "-o", format, "--api-key-file", file, "--idempotency-key", "the-same-one")...)
		r.wants(t, 0, "initech")
		if strings.Contains(r.stdout+r.stderr, "cdt_") {
			t.Errorf("-o %s shows the key: %+v", format, r)
		}
		raw, err := os.ReadFile(file)
		info, _ := os.Stat(file)
		if err != nil || string(raw) != "cdt_owner-secret\n" || info.Mode().Perm() != 0o600 {
			t.Errorf("the file: %q, %v, %v", raw, info.Mode(), err)
		}
	}
	file := filepath.Join(term.dir, "table.key", "x")
	term.run(append(create, "--api-key-file", file, "--idempotency-key", "the-same-one")...).
		wants(t, cli.ExitFailed, "was created, but its API key could not be written", "--idempotency-key the-same-one")
}

func TestDeleteIsConfirmed(t *testing.T) {
	t.Parallel()
	plane := startPlane(t)
	term := newTerminal(t, plane)
	term.person("globex\n")
	term.run("tenant", "delete", "acme").wants(t, cli.ExitFailed, "This stops acme (Acme Inc, in cell-a, at "+plane.URL, "after 30 days", "not confirmed, nothing was changed")
	term.person("") // Ctrl-D
	term.run("tenant", "delete", "acme").wants(t, cli.ExitFailed, "not confirmed")
	term.run("tenant", "show", "acme").wants(t, 0, "active")
	term.person("acme\n")
	term.run("tenant", "delete", "acme", "--grace-hours", "2").wants(t, 0, "after 2 hours", "tenant acme is deleting; its data is removed after 2026-11-23 14:00:00 UTC")
}

// What was confirmed is what was shown: a tenant that changed since is left alone.
func TestDeleteOfAChangedTenant(t *testing.T) {
	t.Parallel()
	plane := startPlane(t)
	term := newTerminal(t, plane)
	term.person("acme\n")
	meanwhile := func() {
		plane.mu.Lock()
		defer plane.mu.Unlock()
		plane.tenants[1].Version++
	}
	term.options.Stdin = &reluctant{asked: meanwhile, Reader: strings.NewReader("acme\n")}
	term.run("tenant", "delete", "acme").wants(t, cli.ExitConflict, "the tenant has changed (precondition_failed,", "look at it again")
}

func TestDeleteWaits(t *testing.T) {
	t.Parallel()
	plane := startPlane(t)
	term := newTerminal(t, plane)
	term.run("tenant", "delete", "acme", "--yes", "--grace-hours", "0", "--wait").wants(t, 0, "tenant acme is deleted")
	term.run("tenant", "delete", "globex", "--yes", "--grace-hours", "1", "--wait", "--timeout", "30ms").
		wants(t, cli.ExitTimeout, "delete tenant globex: wait until its data is removed: not within 30ms", "hint: it may still happen")
}

func TestDomainVerifyWaits(t *testing.T) {
	t.Parallel()
	plane := startPlane(t)
	term := newTerminal(t, plane)
	plane.verify = 2
	term.run("tenant", "domain", "verify", "acme", "shop.acme.com").wants(t, cli.ExitConflict, "the TXT record is not there", "--wait looks until it is there")
	term.run("tenant", "domain", "verify", "acme", "shop.acme.com", "--wait", "-o", "json").wants(t, 0, `"state": "verified"`)
	plane.mu.Lock()
	plane.verify = 10_000
	plane.mu.Unlock()
	term.run("tenant", "domain", "verify", "acme", "shop.acme.com", "--wait", "--timeout", "50ms").
		wants(t, cli.ExitTimeout, "wait for the TXT record: not within 50ms: the TXT record is not there")
}
