package signintest

import (
	"context"
	"crypto/rand"
	"slices"
	"sync"
	"time"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/shared/fault"
)

// Server is an authorization server. It is safe for concurrent use.
type Server struct {
	Issuer string
	Astray string // if set: where it sends browsers, against its nature
	Away   error  // if set: what it answers to who asks for grants

	mu       sync.Mutex
	logins   map[string]*Login
	consents map[string]*Consent
	logouts  map[string]*Logout
	ended    []string // sessions
	revoked  []string // subjects
}

// Login is a login request and what became of it.
type Login struct {
	Request  controlplane.LoginRequest
	Accepted *controlplane.AcceptedLogin
	Rejected string
}

// Consent is a consent request and what became of it.
type Consent struct {
	Request   controlplane.ConsentRequest
	Accepted  *controlplane.AcceptedConsent
	Rejected  string
	Withdrawn bool
}

// Logout is a logout request and what became of it.
type Logout struct {
	Request controlplane.LogoutRequest
	Done    bool
}

// NewServer returns one that browsers find at the issuer's URL.
func NewServer(issuer string) *Server {
	return &Server{Issuer: issuer, logins: map[string]*Login{}, consents: map[string]*Consent{}, logouts: map[string]*Logout{}}
}

// AskLogin begins a login as an application would, and returns its challenge.
func (s *Server) AskLogin(r controlplane.LoginRequest) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	r.Challenge = rand.Text()
	if r.RequestURL == "" {
		r.RequestURL = s.Issuer + "/oauth2/auth?client_id=" + r.Client.ID
	}
	s.logins[r.Challenge] = &Login{Request: r}
	return r.Challenge
}

// AskConsent asks for consent, and returns the challenge.
func (s *Server) AskConsent(r controlplane.ConsentRequest) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	r.Challenge = rand.Text()
	s.consents[r.Challenge] = &Consent{Request: r}
	return r.Challenge
}

// AskLogout asks for a logout, and returns the challenge.
func (s *Server) AskLogout(r controlplane.LogoutRequest) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	r.Challenge = rand.Text()
	s.logouts[r.Challenge] = &Logout{Request: r}
	return r.Challenge
}

// LoginOf returns a copy of what became of a login.
func (s *Server) LoginOf(challenge string) Login {
	s.mu.Lock()
	defer s.mu.Unlock()
	return *s.logins[challenge]
}

// ConsentOf returns a copy of what became of a consent.
func (s *Server) ConsentOf(challenge string) Consent {
	s.mu.Lock()
	defer s.mu.Unlock()
	return *s.consents[challenge]
}

// LogoutOf returns a copy of what became of a logout.
func (s *Server) LogoutOf(challenge string) Logout {
	s.mu.Lock()
	defer s.mu.Unlock()
	return *s.logouts[challenge]
}

// Ended returns the sessions that were ended; Revoked the subjects.
func (s *Server) Ended() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.ended)
}

// Revoked returns the subjects from whom everything was taken.
func (s *Server) Revoked() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.revoked)
}

var (
	errUnknown = fault.New(fault.NotFound, "no such challenge")
	errUsed    = fault.New(fault.Conflict, "the challenge was used")
)

func (s *Server) back() string {
	if s.Astray != "" {
		return s.Astray
	}
	return s.Issuer + "/oauth2/auth?verifier=" + rand.Text()
}

// Login implements the interface, as the methods below do.
func (s *Server) Login(_ context.Context, challenge string) (controlplane.LoginRequest, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.logins[challenge]
	switch {
	case l == nil:
		return controlplane.LoginRequest{}, errUnknown
	case l.Accepted != nil || l.Rejected != "":
		return controlplane.LoginRequest{}, errUsed
	}
	return l.Request, nil
}

// AcceptLogin refuses, as Hydra does, another subject than the remembered one.
func (s *Server) AcceptLogin(ctx context.Context, challenge string, a controlplane.AcceptedLogin) (string, error) {
	r, err := s.Login(ctx, challenge)
	if err != nil {
		return "", err
	}
	if r.Skip && r.Subject != a.Subject {
		return "", fault.New(fault.Internal, "another subject than before")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.logins[challenge].Accepted = &a
	return s.back(), nil
}

// RejectLogin ends a login without one.
func (s *Server) RejectLogin(ctx context.Context, challenge, code, _ string) (string, error) {
	if _, err := s.Login(ctx, challenge); err != nil {
		return "", err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.logins[challenge].Rejected = code
	return s.back(), nil
}

// EndSession forgets a login.
func (s *Server) EndSession(_ context.Context, id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended = append(s.ended, id)
	return nil
}

// Consent returns what is asked for.
func (s *Server) Consent(_ context.Context, challenge string) (controlplane.ConsentRequest, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.consents[challenge]
	switch {
	case c == nil:
		return controlplane.ConsentRequest{}, errUnknown
	case c.Accepted != nil || c.Rejected != "":
		return controlplane.ConsentRequest{}, errUsed
	}
	return c.Request, nil
}

// AcceptConsent refuses scopes that were not asked for.
func (s *Server) AcceptConsent(ctx context.Context, challenge string, a controlplane.AcceptedConsent) (string, error) {
	r, err := s.Consent(ctx, challenge)
	if err != nil {
		return "", err
	}
	for _, scope := range a.Scopes {
		if !slices.Contains(r.Scopes, scope) {
			return "", fault.New(fault.Invalid, "a scope that was not asked for")
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.consents[challenge].Accepted = &a
	return s.back(), nil
}

// RejectConsent refuses the application.
func (s *Server) RejectConsent(ctx context.Context, challenge, code, _ string) (string, error) {
	if _, err := s.Consent(ctx, challenge); err != nil {
		return "", err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.consents[challenge].Rejected = code
	return s.back(), nil
}

// GrantsOf lists what a subject has allowed others' applications, one after another.
func (s *Server) GrantsOf(_ context.Context, subject string) ([]controlplane.Grant, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var grants []controlplane.Grant
	for _, c := range s.consents {
		if c.Request.Subject == subject && c.Accepted != nil && !c.Withdrawn && !c.Request.Client.FirstParty {
			grants = append(grants, controlplane.Grant{Client: c.Request.Client, Scopes: c.Accepted.Scopes, Since: time.Now()})
		}
	}
	return grants, s.Away
}

// WithdrawGrant takes it back.
func (s *Server) WithdrawGrant(_ context.Context, subject, client string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.consents {
		if c.Request.Subject == subject && c.Request.Client.ID == client {
			c.Withdrawn = true
		}
	}
	return s.Away
}

// Logout returns who wants to leave.
func (s *Server) Logout(_ context.Context, challenge string) (controlplane.LogoutRequest, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.logouts[challenge]
	switch {
	case l == nil:
		return controlplane.LogoutRequest{}, errUnknown
	case l.Done:
		return controlplane.LogoutRequest{}, errUsed
	}
	return l.Request, nil
}

// AcceptLogout ends the session.
func (s *Server) AcceptLogout(ctx context.Context, challenge string) (string, error) {
	if _, err := s.Logout(ctx, challenge); err != nil {
		return "", err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.logouts[challenge].Done = true
	return s.back(), nil
}

// RejectLogout leaves everything as it is.
func (s *Server) RejectLogout(context.Context, string) error { return nil }

// RevokeSubject takes everything from somebody.
func (s *Server) RevokeSubject(_ context.Context, subject string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.revoked = append(s.revoked, subject)
	return nil
}
