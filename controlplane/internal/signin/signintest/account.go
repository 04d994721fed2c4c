package signintest

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"time"

	"github.com/google/uuid"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/tenancy"
)

// TOTPCode is the first code of every authenticator app here, TOTPKey its key.
const (
	TOTPCode = "123456"
	TOTPKey  = "JBSWY3DPEHPK3PXP"
)

// Security implements the interface, as the methods below do.
func (c *Cells) Security(_ context.Context, _ string, id tenancy.ID, _ uint64, user uuid.UUID) (has controlplane.AccountSecurity, err error) {
	err = c.with("Security", id, user, func(u *User) error {
		has = controlplane.AccountSecurity{
			Name: u.Name, Email: u.Email, EmailVerified: u.Verified, Password: u.Password != "", TOTP: u.TOTP, RecoveryCodes: len(u.Recovery), Passkeys: u.Passkeys,
		}
		for _, d := range u.devices {
			has.Devices = append(has.Devices, d)
		}
		return nil
	})
	return has, err
}

// ChangePassword wants to see the current one.
func (c *Cells) ChangePassword(_ context.Context, _ string, id tenancy.ID, _ uint64, user uuid.UUID, current, next string) error {
	return c.with("ChangePassword", id, user, func(u *User) error {
		if u.Password != current {
			return errRefused
		}
		if err := checkPassword(next); err != nil {
			return err
		}
		u.Password = next
		return nil
	})
}

// BeginTOTP shows a secret.
func (c *Cells) BeginTOTP(_ context.Context, _ string, id tenancy.ID, _ uint64, user uuid.UUID) (e controlplane.TOTPEnrolment, err error) {
	err = c.with("BeginTOTP", id, user, func(u *User) error {
		u.Code = TOTPCode
		e = controlplane.TOTPEnrolment{URI: "otpauth://totp/Test:" + u.Email + "?secret=" + TOTPKey, Secret: TOTPKey}
		return nil
	})
	return e, err
}

// ConfirmTOTP takes the first code.
func (c *Cells) ConfirmTOTP(_ context.Context, _ string, id tenancy.ID, _ uint64, user uuid.UUID, code string) (codes []string, err error) {
	err = c.with("ConfirmTOTP", id, user, func(u *User) error {
		if u.Code == "" || u.Code != code {
			return errRefused
		}
		u.TOTP, u.Code, u.Recovery = true, "", newCodes()
		codes = u.Recovery
		return nil
	})
	return codes, err
}

func newCodes() []string { return []string{rand.Text(), rand.Text()} }

// RemoveTOTP takes it away, with the recovery codes.
func (c *Cells) RemoveTOTP(_ context.Context, _ string, id tenancy.ID, _ uint64, user uuid.UUID) error {
	return c.with("RemoveTOTP", id, user, func(u *User) error { u.TOTP, u.Recovery = false, nil; return nil })
}

// NewRecoveryCodes replaces them.
func (c *Cells) NewRecoveryCodes(_ context.Context, _ string, id tenancy.ID, _ uint64, user uuid.UUID) (codes []string, err error) {
	err = c.with("NewRecoveryCodes", id, user, func(u *User) error { u.Recovery = newCodes(); codes = u.Recovery; return nil })
	return codes, err
}

// BeginPasskey makes a challenge.
func (c *Cells) BeginPasskey(ctx context.Context, cell string, id tenancy.ID, epoch uint64, user uuid.UUID, rp controlplane.RelyingParty) (json.RawMessage, error) {
	return c.BeginPasskeyLogin(ctx, cell, id, epoch, user, rp)
}

// FinishPasskey takes it back.
func (c *Cells) FinishPasskey(_ context.Context, _ string, id tenancy.ID, _ uint64, user uuid.UUID, _ controlplane.RelyingParty, name string, answer json.RawMessage) error {
	return c.with("FinishPasskey", id, user, func(u *User) error {
		if err := u.answered(answer); err != nil {
			return err
		}
		u.Passkeys = append(u.Passkeys, controlplane.Passkey{ID: rand.Text(), Name: name, CreatedAt: time.Now()})
		return nil
	})
}

// RemovePasskey takes one away.
func (c *Cells) RemovePasskey(_ context.Context, _ string, id tenancy.ID, _ uint64, user uuid.UUID, passkey string) error {
	return c.with("RemovePasskey", id, user, func(u *User) error {
		for i, p := range u.Passkeys {
			if p.ID == passkey {
				u.Passkeys = append(u.Passkeys[:i:i], u.Passkeys[i+1:]...)
				return nil
			}
		}
		return fault.New(fault.NotFound, "no such passkey")
	})
}

// RememberDevice gives a browser a secret.
func (c *Cells) RememberDevice(_ context.Context, _ string, id tenancy.ID, _ uint64, user uuid.UUID, name string) (secret string, err error) {
	err = c.with("RememberDevice", id, user, func(u *User) error {
		secret = rand.Text()
		u.devices[secret] = controlplane.Device{ID: uuid.New(), Name: name, CreatedAt: time.Now(), ExpiresAt: time.Now().Add(time.Hour)}
		return nil
	})
	return secret, err
}

// ForgetDevice takes it back.
func (c *Cells) ForgetDevice(_ context.Context, _ string, id tenancy.ID, _ uint64, user, device uuid.UUID) error {
	return c.with("ForgetDevice", id, user, func(u *User) error {
		for secret, d := range u.devices {
			if d.ID == device {
				delete(u.devices, secret)
				return nil
			}
		}
		return fault.New(fault.NotFound, "no such browser")
	})
}
