package identity_test

import (
	"bytes"
	"context"
	"encoding/base32"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/controlplane/internal/identity"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/totp"
)

// plain is what hashing is not: quick. It counts what it was asked.
type plain struct{ asked []string }

func (p *plain) Hash(_ context.Context, password string) (string, error) { return "#" + password, nil }

func (p *plain) Verify(_ context.Context, password, hash string) (ok, outdated bool, err error) {
	p.asked = append(p.asked, hash)
	return hash == "#"+password, false, nil
}

// book is a store of one operator.
type book struct {
	mu      sync.Mutex
	account controlplane.OperatorAccount
	secrets controlplane.OperatorSecrets
	failed  []uuid.UUID
}

func (b *book) ByEmail(_ context.Context, email string) (controlplane.OperatorAccount, controlplane.OperatorSecrets, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if email != b.account.Email {
		return controlplane.OperatorAccount{}, controlplane.OperatorSecrets{}, fault.New(fault.NotFound, "no such operator")
	}
	return b.account, b.secrets, nil
}

func (b *book) ByID(_ context.Context, id uuid.UUID) (controlplane.OperatorAccount, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if id != b.account.ID {
		return controlplane.OperatorAccount{}, fault.New(fault.NotFound, "no such operator")
	}
	return b.account, nil
}

func (b *book) LoggedIn(_ context.Context, _ uuid.UUID, step int64) (bool, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	first := step > b.secrets.TOTPStep
	if first {
		b.secrets.TOTPStep = step
	}
	return first, nil
}

func (b *book) Failed(_ context.Context, id uuid.UUID, _ int, until time.Time) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.failed = append(b.failed, id)
	if id == b.account.ID && len(b.failed) == 3 {
		b.account.LockedUntil = until
	}
	return nil
}

func (b *book) List(context.Context) ([]controlplane.OperatorAccount, error) {
	return []controlplane.OperatorAccount{b.account}, nil
}

func (b *book) Create(_ context.Context, a controlplane.OperatorAccount, s controlplane.OperatorSecrets) error {
	b.account, b.secrets = a, s
	return nil
}

func (b *book) Reset(_ context.Context, _ controlplane.OperatorAccount, s controlplane.OperatorSecrets) error {
	b.secrets = s
	return nil
}

func (b *book) Disable(context.Context, controlplane.OperatorAccount) error {
	b.account.DisabledAt = time.Unix(1, 0)
	return nil
}

// office is operators with a clock of the test's.
type office struct {
	*identity.Operators
	book  *book
	plain *plain
	now   time.Time
}

func newOffice(t *testing.T) *office {
	t.Helper()
	seal, err := identity.NewSealer(bytes.Repeat([]byte{7}, 32), "test")
	if err != nil {
		t.Fatal(err)
	}
	o := &office{book: &book{}, plain: &plain{}, now: time.Unix(1_800_000_000, 0)}
	o.Operators = &identity.Operators{Accounts: o.book, Register: o.book, Passwords: o.plain, Seal: seal, Clock: func() time.Time { return o.now }}
	return o
}

// secretOf reads an authenticator's secret from its URI.
func secretOf(t *testing.T, uri string) []byte {
	t.Helper()
	u, err := url.Parse(uri)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(u.Query().Get("secret"))
	if err != nil {
		t.Fatal(err)
	}
	return secret
}

func TestAnOperatorSignsIn(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	made, err := o.Create(t.Context(), " Ann@Example.org ", controlplane.RoleOperator)
	if err != nil || made.Account.Email != "ann@example.org" || len(made.Password) < 24 || bytes.Contains(o.book.secrets.TOTP, secretOf(t, made.TOTPURI)) {
		t.Fatalf("%+v, %v", made.Account, err)
	}
	login := func(email, password string, at time.Time) error {
		a, err := o.Verify(t.Context(), controlplane.OperatorLogin{Email: email, Password: password, Code: totp.Code(secretOf(t, made.TOTPURI), at)})
		if err == nil && a.ID != made.Account.ID {
			t.Errorf("signed in as %+v", a)
		}
		return err
	}
	if err := login("ANN@example.org", made.Password, o.now); err != nil {
		t.Fatal(err)
	}
	refused := map[string]error{
		"the same code again": login("ann@example.org", made.Password, o.now),
		"nobody's address":    login("bob@example.org", made.Password, o.now.Add(totp.Period)),
		"a wrong password":    login("ann@example.org", made.Password+"x", o.now.Add(totp.Period)),
		"a code of long ago":  login("ann@example.org", made.Password, o.now.Add(-time.Hour)),
	}
	// That was the third of Ann's.
	refused["a locked account"] = login("ann@example.org", made.Password, o.now.Add(totp.Period))
	text := refused["nobody's address"].Error()
	for name, err := range refused {
		if fault.CodeOf(err) != fault.Unauthenticated || err.Error() != text {
			t.Errorf("%s: %v", name, err)
		}
	}
	// The work was the same each time: one password, one write.
	if len(o.plain.asked) != 6 || len(o.book.failed) != 5 {
		t.Errorf("%d passwords were checked, %d failures noted", len(o.plain.asked), len(o.book.failed))
	}
	o.now = o.now.Add(time.Hour)
	if err := login("ann@example.org", made.Password, o.now); err != nil {
		t.Errorf("after the lock: %v", err)
	}
	if err := o.Disable(t.Context(), "ann@example.org"); err != nil {
		t.Fatal(err)
	}
	o.now = o.now.Add(time.Hour)
	if err := login("ann@example.org", made.Password, o.now); fault.CodeOf(err) != fault.Unauthenticated {
		t.Errorf("disabled: %v", err)
	}
	again, err := o.Reset(t.Context(), "ann@example.org")
	if err != nil || again.Password == made.Password || again.TOTPURI == made.TOTPURI {
		t.Errorf("reset: %v", err)
	}
}

func TestWhoMayNotBeAnOperator(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	for email, role := range map[string]controlplane.Role{"ann": controlplane.RoleAdmin, "ann@example.org": controlplane.RoleCell, "": controlplane.RoleViewer, "bob@example.org": "boss"} {
		if _, err := o.Create(t.Context(), email, role); fault.CodeOf(err) != fault.Invalid {
			t.Errorf("%s as %s: %v", email, role, err)
		}
	}
}

func TestASealIsForOneOwner(t *testing.T) {
	t.Parallel()
	seal, err := identity.NewSealer(bytes.Repeat([]byte{7}, 32), "test")
	if err != nil {
		t.Fatal(err)
	}
	sealed := seal.Seal([]byte("secret"), []byte("ann"))
	if plain, err := seal.Open(sealed, []byte("ann")); err != nil || string(plain) != "secret" {
		t.Errorf("%s, %v", plain, err)
	}
	other, _ := identity.NewSealer(bytes.Repeat([]byte{8}, 32), "test")
	_, owner := seal.Open(sealed, []byte("bob"))
	_, key := other.Open(sealed, []byte("ann"))
	_, short := seal.Open([]byte("x"), []byte("ann"))
	for name, err := range map[string]error{"owner": owner, "key": key, "short": short} {
		if err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
