package credentials_test

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/cell/internal/credentials"
	"github.com/coditect/platform/shared/fault"
)

// path notes what is done for an attempt; users are known by their addresses.
type path struct {
	users    map[string]cell.SignIn
	failures int
	steps    []string
}

func (p *path) note(step string) { p.steps = append(p.steps, step) }

func (p *path) FindSignIn(_ context.Context, _ *cell.Call, email string, _ []byte, _ time.Time) (cell.SignIn, error) {
	p.note("find")
	found, known := p.users[email]
	if !known {
		return found, fault.New(fault.NotFound, "no such user")
	}
	return found, nil
}

func (p *path) CountAttempt(_ context.Context, _ *cell.Call, account uuid.UUID, _ time.Time) (int, error) {
	p.note(fmt.Sprintf("count %t", account != uuid.Nil))
	return p.failures, nil
}

func (p *path) EndAttempts(context.Context, *cell.Call, uuid.UUID, uuid.UUID, time.Time, cell.AuditEntry) error {
	p.note("signed in")
	return nil
}

func (p *path) Rehash(context.Context, *cell.Call, uuid.UUID, string, string) error {
	p.note("rehash")
	return nil
}

func (p *path) Hash(context.Context, string) (string, error) { return "new", nil }

// Verify takes a hash for its password; one that begins with "old" is outdated.
func (p *path) Verify(_ context.Context, password, hash string) (ok, outdated bool, err error) {
	p.note("verify")
	return password == hash && hash != "", strings.HasPrefix(hash, "old"), nil
}

// Whatever a login is refused for, the same is done for it.
func TestRefusedLoginsTakeTheSamePath(t *testing.T) {
	t.Parallel()
	known := cell.SignIn{UserID: uuid.New(), Active: true, PasswordHash: "right"}
	disabled, without := known, known
	disabled.Active, without.PasswordHash = false, ""
	users := map[string]cell.SignIn{"known": known, "disabled": disabled, "none": without, "old": {UserID: uuid.New(), Active: true, PasswordHash: "old one"}}
	try := func(email, password string, failures int) (bool, []string) {
		p := &path{users: users, failures: failures}
		v, err := credentials.Logins{Store: p, Hasher: p, Clock: time.Now}.Verify(t.Context(), &cell.Call{}, cell.LoginAttempt{Email: email, Password: password})
		if err != nil {
			t.Errorf("%s: %v", email, err)
		}
		return v.OK, p.steps
	}
	want := []string{"find", "count true", "verify"}
	for what, c := range map[string]struct {
		email, password string
		failures        int
	}{
		"unknown": {"x", "right", 1}, "wrong": {"known", "wrong", 1}, "disabled": {"disabled", "right", 1}, "none set": {"none", "right", 1},
		"none shown": {"none", "", 1}, "locked": {"known", "right", cell.MaxFailures + 1}, "locked, unknown": {"x", "right", cell.MaxFailures + 1}, "locked, outdated": {"old", "old one", 11},
	} {
		if ok, steps := try(c.email, c.password, c.failures); ok || !slices.Equal(steps, want) {
			t.Errorf("%s: %t, %v", what, ok, steps)
		}
	}
	if ok, steps := try("known", "right", cell.MaxFailures); !ok || !slices.Equal(steps, append(slices.Clone(want), "signed in")) {
		t.Errorf("%t, %v", ok, steps)
	}
	if ok, steps := try("old", "old one", 1); !ok || !slices.Equal(steps, append(slices.Clone(want), "rehash", "signed in")) {
		t.Errorf("an outdated hash: %t, %v", ok, steps)
	}
}

func TestRecoveryCodes(t *testing.T) {
	t.Parallel()
	codes, hashes := credentials.NewRecoveryCodes()
	if len(codes) != cell.RecoveryCodes || len(hashes) != len(codes) || len(codes[0]) != 19 {
		t.Fatalf("%v", codes)
	}
	seen := map[string]bool{}
	for i, code := range codes {
		for _, typed := range []string{code, strings.ToUpper(code), strings.ReplaceAll(code, "-", ""), " " + strings.ReplaceAll(code, "-", " ")} {
			if !bytes.Equal(credentials.RecoveryHash(typed), hashes[i]) {
				t.Errorf("%q is not %s", typed, code)
			}
		}
		seen[code] = true
	}
	if len(seen) != len(codes) {
		t.Errorf("the same twice: %v", codes)
	}
}

func TestRecoveryCodesAreOnlyForASecondStep(t *testing.T) {
	t.Parallel()
	if methods := (cell.SignIn{RecoveryCodes: 3}).SecondSteps(); len(methods) != 0 {
		t.Errorf("%v", methods)
	}
	if methods := (cell.SignIn{RecoveryCodes: 3, Passkeys: 1, TOTP: true}).SecondSteps(); len(methods) != 3 {
		t.Errorf("%v", methods)
	}
}
