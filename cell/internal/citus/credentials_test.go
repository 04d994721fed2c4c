package citus_test

import (
	"crypto/sha256"
	"encoding/json"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/shared/fault"
)

// visitor is a user who signs in, and the calls made for it.
type visitor struct {
	db *database
	a  cell.Arrival
	id uuid.UUID
}

func (db *database) visitor(t *testing.T, a cell.Arrival) visitor {
	t.Helper()
	return visitor{db, a, uuid.MustParse(query(t, db.dsn, `SELECT user_id::text FROM users WHERE tenant_id = $1 ORDER BY user_id LIMIT 1`, a.TenantID.String())[0])}
}

func (s visitor) system() *cell.Call {
	return &cell.Call{Tenant: s.a.TenantID, System: true, RequestID: "test"}
}

func (s visitor) self() *cell.Call {
	return &cell.Call{Tenant: s.a.TenantID, Permission: cell.Anyone, Token: &cell.Token{UserID: s.id}, RequestID: "test"}
}

func (s visitor) code(purpose cell.Purpose, text string) cell.OneTimeCode {
	hash := sha256.Sum256([]byte(text))
	return cell.OneTimeCode{Purpose: purpose, Hash: hash[:], UserID: s.id, Details: json.RawMessage(`{"x":1}`), ExpiresAt: time.Now().Add(time.Hour)}
}

// everything does each thing that credentials are for, once.
func (s visitor) everything(t *testing.T) {
	t.Helper()
	ctx, store, now, e := t.Context(), s.db.store, time.Now(), entry("credential")
	_, err := store.FindSignIn(ctx, s.system(), s.a.OwnerEmail, nil, now)
	must(t, err)
	_, err = store.CountAttempt(ctx, s.system(), s.id, now)
	must(t, err)
	must(t, store.SetPassword(ctx, s.self(), s.id, "", "one", now, e))
	must(t, store.Rehash(ctx, s.system(), s.id, "one", "two"))
	device := cell.Device{ID: newID(), UserID: s.id, CreatedAt: now, ExpiresAt: now.Add(time.Hour)}
	must(t, store.RememberDevice(ctx, s.self(), device, s.code("", "device").Hash, e))
	must(t, store.EndAttempts(ctx, s.self(), s.id, device.ID, now, e))
	must(t, store.BeginTOTP(ctx, s.self(), s.id, []byte("secret"), e))
	must(t, store.ConfirmTOTP(ctx, s.self(), s.id, []byte("secret"), 7, [][]byte{s.code("", "a").Hash, s.code("", "b").Hash}, e))
	must(t, store.UseTOTP(ctx, s.self(), s.id, 8, e))
	must(t, store.UseRecoveryCode(ctx, s.self(), s.id, s.code("", "a").Hash, e))
	must(t, store.ReplaceRecoveryCodes(ctx, s.self(), s.id, [][]byte{s.code("", "c").Hash}, e))
	add, use := s.code(cell.AddPasskey, "add"), s.code(cell.UsePasskey, "use")
	must(t, store.AddChallenge(ctx, s.self(), add, now))
	must(t, store.AddChallenge(ctx, s.self(), use, now))
	_, err = store.FindCode(ctx, s.system(), cell.UsePasskey, use.Hash, now)
	must(t, err)
	key := cell.Passkey{ID: []byte("key"), Name: "key", Record: json.RawMessage(`{}`)}
	must(t, store.AddPasskey(ctx, s.self(), add, key, now, e))
	must(t, store.UsePasskey(ctx, s.self(), use, key, now, e))
	_, err = store.Factors(ctx, s.self(), s.id)
	must(t, err)
	view, err := store.Security(ctx, s.self(), s.id, now)
	if err != nil || len(view.Passkeys) != 1 || len(view.Devices) != 1 || view.RecoveryCodes != 1 || !view.TOTP || !view.Password {
		t.Fatalf("%+v, %v", view, err)
	}
	must(t, store.RemovePasskey(ctx, s.self(), s.id, key.ID, e))
	must(t, store.RemoveTOTP(ctx, s.self(), s.id, e))
	must(t, store.ForgetDevice(ctx, s.self(), s.id, device.ID, e))
	must(t, store.AskForMail(ctx, s.system(), cell.PasswordEmail, s.id, e))
	ref := cell.JobRef{TenantID: s.a.TenantID, JobID: newID()}
	reset, verify := s.code(cell.ResetPassword, "reset"), s.code(cell.VerifyAddress, "verify")
	for _, code := range []cell.OneTimeCode{reset, verify} {
		_, _, _, err := store.AddMailedCode(ctx, ref, code, now)
		must(t, err)
	}
	must(t, store.ResetPassword(ctx, s.self(), reset, "three", now, e))
	must(t, store.VerifyAddress(ctx, s.self(), verify, now, e))
	must(t, store.RevokeSessions(ctx, s.self(), s.id, now, e))
	standing, err := store.Standing(ctx, s.system(), s.id, uuid.Nil)
	if err != nil || !standing.EmailVerified || standing.SessionsRevokedAt.IsZero() {
		t.Fatalf("%+v, %v", standing, err)
	}
	sets, err := s.db.mover.UserSets(ctx, time.Time{}, s.a.TenantID, 1)
	if err != nil || len(sets) > 1 {
		t.Fatalf("%+v, %v", sets, err)
	}
	_, addresses, err := s.db.mover.Addresses(ctx, s.a.TenantID, uuid.Nil, 10)
	if err != nil || len(addresses) == 0 || addresses[0].Email != s.a.OwnerEmail {
		t.Fatalf("%+v, %v", addresses, err)
	}
}

func TestEverythingOfCredentials(t *testing.T) {
	t.Parallel()
	db := open(t)
	db.visitor(t, db.live(t)).everything(t)
}

// Of many at once that show what works once, one gets through.
func TestWhatWorksOnceWorksOnceAtATime(t *testing.T) {
	t.Parallel()
	db := open(t)
	s := db.visitor(t, db.live(t))
	ctx, store, now, e := t.Context(), db.store, time.Now(), entry("credential")
	must(t, store.BeginTOTP(ctx, s.self(), s.id, []byte("secret"), e))
	must(t, store.ConfirmTOTP(ctx, s.self(), s.id, []byte("secret"), 7, [][]byte{s.code("", "a").Hash}, e))
	reset := s.code(cell.ResetPassword, "reset")
	_, _, _, err := store.AddMailedCode(ctx, cell.JobRef{TenantID: s.a.TenantID, JobID: newID()}, reset, now)
	must(t, err)
	for what, use := range map[string]func() error{
		"a step of TOTP":  func() error { return store.UseTOTP(ctx, s.self(), s.id, 8, e) },
		"a recovery code": func() error { return store.UseRecoveryCode(ctx, s.self(), s.id, s.code("", "a").Hash, e) },
		"a mailed code":   func() error { return store.ResetPassword(ctx, s.self(), reset, "one", now, e) },
	} {
		var through atomic.Int32
		var crowd sync.WaitGroup
		for range 6 {
			crowd.Go(func() {
				switch err := use(); {
				case err == nil:
					through.Add(1)
				case fault.CodeOf(err) != fault.Unauthenticated && fault.CodeOf(err) != fault.NotFound:
					t.Errorf("%s: %v", what, err)
				}
			})
		}
		crowd.Wait()
		if n := through.Load(); n != 1 {
			t.Errorf("%s got %d through", what, n)
		}
	}
}

// Each attempt of a crowd counts.
func TestAttemptsAreCountedOneByOne(t *testing.T) {
	t.Parallel()
	db := open(t)
	s := db.visitor(t, db.live(t))
	var most atomic.Int64
	var crowd sync.WaitGroup
	for range 12 {
		crowd.Go(func() {
			n, err := db.store.CountAttempt(t.Context(), s.system(), s.id, time.Now())
			if err != nil {
				t.Error(err)
			}
			for held := most.Load(); int64(n) > held && !most.CompareAndSwap(held, int64(n)); held = most.Load() {
			}
		})
	}
	crowd.Wait()
	if most.Load() != 12 {
		t.Errorf("12 attempts are counted as %d", most.Load())
	}
}
