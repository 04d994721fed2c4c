package signin

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/gorilla/mux"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/tenancy"
)

// sessionLife is how long somebody stays signed in: a long working day. The
// authorization server remembers it for as long.
const sessionLife = 12 * time.Hour

const kindAccount = "account"

// account is who has signed in with this browser, as its cookie says. What the
// cookie says counts only as long as the cell has its session.
type account struct {
	Subject  string     `json:"subject"`
	TenantID tenancy.ID `json:"tenant_id"` // zero for an operator
	UserID   uuid.UUID  `json:"user_id"`
	Session  uuid.UUID  `json:"session"`
	Secret   string     `json:"secret"` // of the session in the cell
	ACR      string     `json:"acr"`
	AMR      []string   `json:"amr"`
	At       time.Time  `json:"at"`
}

// finish ends a login: the browser gets a new id and a session, the application
// its answer.
func (v *visit) finish(st step) error {
	a := account{
		Subject: controlplane.SubjectOfUser(st.Who.UserID), TenantID: st.Who.TenantID, UserID: st.Who.UserID, ACR: acrOf(st.Who.AMR), AMR: st.Who.AMR,
	}
	if err := v.enter(&a); err != nil {
		return err
	}
	if st.Wish.Challenge == "" {
		return v.redirect("/account")
	}
	return v.accept(st.Wish.Challenge, st.Wish.Session, a)
}

func acrOf(amr []string) string {
	if slices.Contains(amr, controlplane.AMRTwoSteps) {
		return controlplane.ACRTwoSteps
	}
	return controlplane.ACRPassword
}

// enter begins a session in the cell, notes it in a, and gives the browser what
// opens it, under a new id.
func (v *visit) enter(a *account) error {
	s := v.server
	if !a.TenantID.IsZero() {
		err := s.inCell(v.ctx(), a.TenantID, func(ctx context.Context, t controlplane.Tenant) error {
			begun, err := s.Cells.BeginSession(ctx, t.Cell, t.TenantID, a.UserID, v.client.String(), browserName(v.r.UserAgent()), sessionLife)
			a.Session, a.Secret = begun.ID, begun.Secret
			return err
		})
		if err != nil {
			return err
		}
	}
	a.At = s.Clock()
	v.newBrowser()
	token, err := v.token(kindAccount, sessionLife, a)
	if err != nil {
		return err
	}
	v.setCookie(accountCookie, token, sessionLife)
	s.metrics.login(outcomeDone)
	return nil
}

// accept tells the authorization server who it is, and notes which of its sessions
// this is: noted first, none is forgotten.
func (v *visit) accept(challenge, session string, a account) error {
	if err := v.server.Logins.NoteLogin(v.ctx(), controlplane.LoginSession{
		ID: session, Subject: a.Subject, Session: a.Session, EndsAt: v.server.Clock().Add(sessionLife),
	}); err != nil {
		return err
	}
	to, err := v.server.Flows.AcceptLogin(v.ctx(), challenge, controlplane.AcceptedLogin{
		Subject: a.Subject, Remember: true, RememberFor: sessionLife, ACR: a.ACR, AMR: a.AMR,
		Context: controlplane.LoginContext{TenantID: a.TenantID, UserID: a.UserID, Session: a.Session},
	})
	if err != nil {
		return flowFault(err, "sign-in")
	}
	return v.leave(to)
}

// known returns who has signed in with this browser, if the session goes on. A
// fault (unauthenticated) means that nobody has.
func (v *visit) known() (account, controlplane.SessionOf, error) {
	var a account
	if err := v.server.seals.open(kindAccount, v.browser, v.cookie(accountCookie), &a); err != nil {
		return a, controlplane.SessionOf{}, errNobody
	}
	if a.TenantID.IsZero() {
		return a, controlplane.SessionOf{}, nil // an operator; the token hook asks for the account
	}
	var of controlplane.SessionOf
	err := v.server.inCell(v.ctx(), a.TenantID, func(ctx context.Context, t controlplane.Tenant) (err error) {
		of, err = v.server.Cells.CheckSession(ctx, t.Cell, t.TenantID, a.Secret)
		return err
	})
	if code := fault.CodeOf(err); code == fault.NotFound || err == nil && of.UserID != a.UserID {
		err = errNobody
	}
	return a, of, err
}

var errNobody = fault.New(fault.Unauthenticated, "sign in first")

// recognise answers for somebody whom the authorization server remembers, if
// this browser is still signed in as that one, where the application wants.
func (v *visit) recognise(req controlplane.LoginRequest) error {
	s := v.server
	a, _, err := v.known()
	switch {
	case fault.CodeOf(err) == fault.Unauthenticated || err == nil && a.Subject != req.Subject:
		return v.startOver(req)
	case err != nil:
		return err
	}
	if _, operator := controlplane.OperatorOf(a.Subject); operator != req.Operators {
		return v.startOver(req)
	}
	if req.Operators {
		s.metrics.login(outcomeKnown)
		return v.accept(req.Challenge, req.SessionID, a)
	}
	t, err := s.tenant(v.ctx(), a.TenantID)
	if err != nil {
		return err
	}
	if req.TenantHint != "" && req.TenantHint != string(t.Slug) {
		return v.startOver(req)
	}
	if req.WantsTwoSteps() && a.ACR != controlplane.ACRTwoSteps {
		return v.stepUp(req, a, t)
	}
	s.metrics.login(outcomeKnown)
	return v.accept(req.Challenge, req.SessionID, a)
}

// startOver makes the authorization server forget, and the request begin again:
// this time it asks.
func (v *visit) startOver(req controlplane.LoginRequest) error {
	if err := v.server.Flows.EndSession(v.ctx(), req.SessionID); err != nil {
		return err
	}
	return v.leave(req.RequestURL)
}

// stepUp asks somebody who has signed in for the second step alone.
func (v *visit) stepUp(req controlplane.LoginRequest, a account, t controlplane.Tenant) error {
	var has controlplane.AccountSecurity
	err := v.server.inCell(v.ctx(), a.TenantID, func(ctx context.Context, t controlplane.Tenant) (err error) {
		has, err = v.server.Cells.Security(ctx, t.Cell, t.TenantID, t.Epoch, a.UserID)
		return err
	})
	if err != nil {
		return err
	}
	who := candidate{
		TenantID: a.TenantID, UserID: a.UserID, Slug: string(t.Slug), Organization: t.Organization, Verified: true, SecondStep: true,
		Methods: methodsOf(has), AMR: a.AMR,
	}
	return v.askSecondStep(step{Wish: wish{Challenge: req.Challenge, Session: req.SessionID, Client: req.Client.Name, Slug: req.TenantHint, TwoSteps: true}, Who: who})
}

// methodsOf lists the second steps that somebody has set up.
func methodsOf(has controlplane.AccountSecurity) []string {
	var methods []string
	if len(has.Passkeys) > 0 {
		methods = append(methods, controlplane.AMRPasskey)
	}
	if has.TOTP {
		methods = append(methods, controlplane.AMRTOTP)
	}
	if len(methods) > 0 && has.RecoveryCodes > 0 {
		methods = append(methods, controlplane.AMRRecovery)
	}
	return methods
}

// flowFault says what an answer of the authorization server means to a person.
func flowFault(err error, what string) error {
	switch fault.CodeOf(err) {
	case fault.NotFound, fault.Gone, fault.Conflict:
		return fault.Wrap(err, fault.Gone, "this %s is over; go back to the application and begin again", what)
	}
	return err
}

func tenantInPath(r *http.Request) string { return mux.Vars(r)["slug"] }

func compare(a, b string) int { return cmp.Compare(strings.ToLower(a), strings.ToLower(b)) }

// browserName is what people will recognise a browser by.
func browserName(userAgent string) string {
	name := "A browser"
	for _, known := range []struct{ mark, name string }{{"Edg/", "Edge"}, {"OPR/", "Opera"}, {"Firefox/", "Firefox"}, {"Chrome/", "Chrome"}, {"Safari/", "Safari"}, {"curl/", "curl"}} {
		if strings.Contains(userAgent, known.mark) {
			name = known.name
			break
		}
	}
	for _, known := range []struct{ mark, name string }{{"Android", "Android"}, {"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Windows", "Windows"}, {"Mac OS X", "macOS"}, {"CrOS", "ChromeOS"}, {"Linux", "Linux"}} {
		if strings.Contains(userAgent, known.mark) {
			return name + " on " + known.name
		}
	}
	return name
}
