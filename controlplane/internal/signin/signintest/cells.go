package signintest

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/tenancy"
)

// User is somebody in a cell.
type User struct {
	ID       uuid.UUID
	TenantID tenancy.ID
	Email    string
	Name     string
	Password string
	Verified bool
	TOTP     bool
	Code     string // the one that is right now; used: ""
	Recovery []string
	Passkeys []controlplane.Passkey

	devices   map[string]controlplane.Device // by secret
	challenge string                         // of a passkey
}

// Mail is a mail with a code.
type Mail struct {
	To, Kind, Code string
	TenantID       tenancy.ID
}

// Cells are the cells of all tenants. They are safe for concurrent use.
type Cells struct {
	mu       sync.Mutex
	users    map[uuid.UUID]*User
	sessions map[string]session
	ends     map[uuid.UUID]controlplane.SessionEnd
	mails    []Mail
	failing  error          // of the next calls
	moved    int            // answers that the tenant has moved, still to give
	calls    map[string]int // by method
}

type session struct {
	controlplane.UserSession
	user uuid.UUID
}

// NewCells returns cells without anybody.
func NewCells() *Cells {
	return &Cells{users: map[uuid.UUID]*User{}, sessions: map[string]session{}, ends: map[uuid.UUID]controlplane.SessionEnd{}, calls: map[string]int{}}
}

// Add adds a user with a confirmed address.
func (c *Cells) Add(tenant tenancy.ID, email, password string) *User {
	c.mu.Lock()
	defer c.mu.Unlock()
	u := &User{ID: uuid.Must(uuid.NewV7()), TenantID: tenant, Email: email, Name: "Ada", Password: password, Verified: true, devices: map[string]controlplane.Device{}}
	c.users[u.ID] = u
	return u
}

// Change changes a user under the cells' lock.
func (c *Cells) Change(u *User, change func(*User)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	change(u)
}

// Fail makes every call fail from now on; nil: none.
func (c *Cells) Fail(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.failing = err
}

// Moved makes the next n calls answer that the tenant has moved.
func (c *Cells) Moved(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.moved = n
}

// Mails returns what was mailed.
func (c *Cells) Mails() []Mail {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.mails)
}

// Calls returns how often a method was called.
func (c *Cells) Calls(method string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.calls[method]
}

var (
	errRefused = fault.New(fault.Unauthenticated, "refused")
	errCode    = fault.New(fault.NotFound, "no such code")
)

// enter begins a call; the caller unlocks.
func (c *Cells) enter(method string) error {
	c.mu.Lock()
	c.calls[method]++
	if c.moved > 0 {
		c.moved--
		return fault.New(fault.TenantMoved, "moved")
	}
	return c.failing
}

func (c *Cells) user(id tenancy.ID, user uuid.UUID) (*User, error) {
	if u := c.users[user]; u != nil && u.TenantID == id {
		return u, nil
	}
	return nil, fault.New(fault.NotFound, "no such user")
}

// with calls do with the user.
func (c *Cells) with(method string, id tenancy.ID, user uuid.UUID, do func(*User) error) error {
	err := c.enter(method)
	defer c.mu.Unlock()
	if err != nil {
		return err
	}
	u, err := c.user(id, user)
	if err != nil {
		return err
	}
	return do(u)
}

// checkPassword is the one rule of passwords here.
func checkPassword(password string) error {
	if len(password) < 8 {
		return fault.New(fault.Invalid, "the password breaks a rule").At("/password", "use at least 8 characters")
	}
	return nil
}

// VerifyLogin implements the interface, as the methods below do.
func (c *Cells) VerifyLogin(_ context.Context, _ string, id tenancy.ID, _ uint64, a controlplane.LoginAttempt) (controlplane.LoginVerdict, error) {
	err := c.enter("VerifyLogin")
	defer c.mu.Unlock()
	if err != nil {
		return controlplane.LoginVerdict{}, err
	}
	for _, u := range c.users {
		if u.TenantID != id || !strings.EqualFold(u.Email, a.Email) || u.Password == "" || u.Password != a.Password {
			continue
		}
		methods := methodsOf(u)
		_, remembered := u.devices[a.Device]
		return controlplane.LoginVerdict{OK: true, UserID: u.ID, EmailVerified: u.Verified, SecondStep: len(methods) > 0 && !remembered, Methods: methods, Roles: []string{"owner"}}, nil
	}
	return controlplane.LoginVerdict{}, nil
}

func methodsOf(u *User) []string {
	var methods []string
	if len(u.Passkeys) > 0 {
		methods = append(methods, controlplane.AMRPasskey)
	}
	if u.TOTP {
		methods = append(methods, controlplane.AMRTOTP)
	}
	if len(u.Recovery) > 0 {
		methods = append(methods, controlplane.AMRRecovery)
	}
	return methods
}

// VerifyTOTP takes the right code once.
func (c *Cells) VerifyTOTP(_ context.Context, _ string, id tenancy.ID, _ uint64, user uuid.UUID, code string) error {
	return c.with("VerifyTOTP", id, user, func(u *User) error {
		if !u.TOTP || u.Code == "" || u.Code != code {
			return errRefused
		}
		u.Code = ""
		return nil
	})
}

// VerifyRecoveryCode takes each once.
func (c *Cells) VerifyRecoveryCode(_ context.Context, _ string, id tenancy.ID, _ uint64, user uuid.UUID, code string) error {
	return c.with("VerifyRecoveryCode", id, user, func(u *User) error {
		i := slices.Index(u.Recovery, code)
		if i < 0 {
			return errRefused
		}
		u.Recovery = slices.Delete(u.Recovery, i, i+1)
		return nil
	})
}

// BeginPasskeyLogin makes a challenge that counts once.
func (c *Cells) BeginPasskeyLogin(_ context.Context, _ string, id tenancy.ID, _ uint64, user uuid.UUID, _ controlplane.RelyingParty) (options json.RawMessage, err error) {
	err = c.with("BeginPasskeyLogin", id, user, func(u *User) error {
		u.challenge = rand.Text()
		options = json.RawMessage(`{"publicKey":{"challenge":"` + u.challenge + `"}}`)
		return nil
	})
	return options, err
}

// FinishPasskeyLogin takes the challenge back.
func (c *Cells) FinishPasskeyLogin(_ context.Context, _ string, id tenancy.ID, _ uint64, user uuid.UUID, _ controlplane.RelyingParty, answer json.RawMessage) error {
	return c.with("FinishPasskeyLogin", id, user, func(u *User) error { return u.answered(answer) })
}

func (u *User) answered(answer json.RawMessage) error {
	var said struct{ Challenge string }
	if err := json.Unmarshal(answer, &said); err != nil || u.challenge == "" || said.Challenge != u.challenge {
		return errRefused
	}
	u.challenge = ""
	return nil
}

// ForgotPassword mails a code to those who are there.
func (c *Cells) ForgotPassword(_ context.Context, _ string, id tenancy.ID, _ uint64, email string) error {
	err := c.enter("ForgotPassword")
	defer c.mu.Unlock()
	if err != nil {
		return err
	}
	for _, u := range c.users {
		if u.TenantID == id && strings.EqualFold(u.Email, email) {
			c.mail(u, "reset")
		}
	}
	return nil
}

func (c *Cells) mail(u *User, kind string) {
	c.mails = append(c.mails, Mail{To: u.Email, Kind: kind, Code: u.ID.String() + "." + rand.Text(), TenantID: u.TenantID})
}

// Invite mails an invitation.
func (c *Cells) Invite(id tenancy.ID, email string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	code := "cdi_" + rand.Text()
	c.mails = append(c.mails, Mail{To: email, Kind: "invitation", Code: code, TenantID: id})
	return code
}

// take uses a code up.
func (c *Cells) take(id tenancy.ID, kind, code string) (Mail, error) {
	for i, m := range c.mails {
		if m.Kind == kind && m.Code == code && m.TenantID == id {
			c.mails[i].Code = "used"
			return m, nil
		}
	}
	return Mail{}, errCode
}

func (c *Cells) takeOf(id tenancy.ID, kind, code string) (*User, error) {
	if _, err := c.take(id, kind, code); err != nil {
		return nil, err
	}
	owner, err := uuid.Parse(strings.SplitN(code, ".", 2)[0])
	if err != nil {
		return nil, errCode
	}
	return c.user(id, owner)
}

// ResetPassword sets a password by a mail's code.
func (c *Cells) ResetPassword(_ context.Context, _ string, id tenancy.ID, _ uint64, code, password string) (uuid.UUID, error) {
	err := c.enter("ResetPassword")
	defer c.mu.Unlock()
	if err == nil {
		err = checkPassword(password)
	}
	if err != nil {
		return uuid.Nil, err
	}
	u, err := c.takeOf(id, "reset", code)
	if err != nil {
		return uuid.Nil, err
	}
	u.Password, u.Verified = password, true
	c.endAll(u.ID)
	return u.ID, nil
}

// SendVerification mails a code.
func (c *Cells) SendVerification(_ context.Context, _ string, id tenancy.ID, _ uint64, user uuid.UUID) error {
	return c.with("SendVerification", id, user, func(u *User) error { c.mail(u, "verify"); return nil })
}

// VerifyEmail confirms an address.
func (c *Cells) VerifyEmail(_ context.Context, _ string, id tenancy.ID, _ uint64, code string) (uuid.UUID, error) {
	err := c.enter("VerifyEmail")
	defer c.mu.Unlock()
	if err != nil {
		return uuid.Nil, err
	}
	u, err := c.takeOf(id, "verify", code)
	if err != nil {
		return uuid.Nil, err
	}
	u.Verified = true
	return u.ID, nil
}

// AcceptInvitation makes a user.
func (c *Cells) AcceptInvitation(_ context.Context, _ string, id tenancy.ID, _ uint64, code, name, password string) (uuid.UUID, error) {
	err := c.enter("AcceptInvitation")
	defer c.mu.Unlock()
	if err == nil {
		err = checkPassword(password)
	}
	if err != nil {
		return uuid.Nil, err
	}
	m, err := c.take(id, "invitation", code)
	if err != nil {
		return uuid.Nil, err
	}
	u := &User{ID: uuid.Must(uuid.NewV7()), TenantID: id, Email: m.To, Name: name, Password: password, Verified: true, devices: map[string]controlplane.Device{}}
	c.users[u.ID] = u
	return u.ID, nil
}

// BeginSession signs a user in.
func (c *Cells) BeginSession(_ context.Context, _ string, id tenancy.ID, user uuid.UUID, address, userAgent string, life time.Duration) (begun controlplane.SessionBegun, err error) {
	err = c.with("BeginSession", id, user, func(*User) error {
		now := time.Now()
		begun = controlplane.SessionBegun{ID: uuid.Must(uuid.NewV7()), Secret: rand.Text()}
		c.sessions[begun.Secret] = session{controlplane.UserSession{ID: begun.ID, Address: address, UserAgent: userAgent, CreatedAt: now, ExpiresAt: now.Add(life)}, user}
		return nil
	})
	return begun, err
}

// CheckSession says whose a session is.
func (c *Cells) CheckSession(_ context.Context, _ string, id tenancy.ID, secret string) (controlplane.SessionOf, error) {
	err := c.enter("CheckSession")
	defer c.mu.Unlock()
	if err != nil {
		return controlplane.SessionOf{}, err
	}
	s, ok := c.sessions[secret]
	u := c.users[s.user]
	if !ok || u == nil || u.TenantID != id {
		return controlplane.SessionOf{}, errRefused
	}
	return controlplane.SessionOf{ID: s.ID, UserID: u.ID, Name: u.Name, Email: u.Email}, nil
}

// ListSessions lists a user's.
func (c *Cells) ListSessions(_ context.Context, _ string, id tenancy.ID, _ uint64, user uuid.UUID) (list []controlplane.UserSession, err error) {
	err = c.with("ListSessions", id, user, func(*User) error {
		for _, s := range c.sessions {
			if s.user == user {
				list = append(list, s.UserSession)
			}
		}
		slices.SortFunc(list, func(a, b controlplane.UserSession) int { return strings.Compare(a.ID.String(), b.ID.String()) })
		return nil
	})
	return list, err
}

// EndSession ends one.
func (c *Cells) EndSession(_ context.Context, _ string, id tenancy.ID, _ uint64, user, session uuid.UUID, how controlplane.SessionEnd) error {
	return c.with("EndSession", id, user, func(*User) error {
		for secret, s := range c.sessions {
			if s.ID == session && s.user == user {
				delete(c.sessions, secret)
				c.ends[session] = how
				return nil
			}
		}
		return fault.New(fault.NotFound, "no such session")
	})
}

// EndOf returns how a session was ended, one at a time.
func (c *Cells) EndOf(session uuid.UUID) controlplane.SessionEnd {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ends[session]
}

// RevokeSessions ends all.
func (c *Cells) RevokeSessions(_ context.Context, _ string, id tenancy.ID, _ uint64, user uuid.UUID) error {
	return c.with("RevokeSessions", id, user, func(*User) error { c.endAll(user); return nil })
}

func (c *Cells) endAll(user uuid.UUID) {
	for secret, s := range c.sessions {
		if s.user == user {
			delete(c.sessions, secret)
		}
	}
}
