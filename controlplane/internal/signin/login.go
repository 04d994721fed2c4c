package signin

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/tenancy"
)

const (
	loginLife = 30 * time.Minute // of a page that asks who it is
	stepLife  = 10 * time.Minute // of what a right password opens

	// maxTenants bounds how many passwords one login costs. Whoever belongs to
	// more signs in at the address of one.
	maxTenants = 8
)

// Kinds of tokens.
const (
	kindLogin    = "login"
	kindChoice   = "choice"
	kindStep     = "step"
	kindOperator = "operator"
)

// wish is what somebody signs in for. It stays the same through all pages of one
// login.
type wish struct {
	Challenge string `json:"challenge,omitempty"` // of an application; "": for the account page
	Session   string `json:"session,omitempty"`   // of the authorization server, if the login comes about
	Client    string `json:"client,omitempty"`
	Slug      string `json:"slug,omitempty"` // of the tenant; "": any
	TwoSteps  bool   `json:"two_steps,omitempty"`
}

// candidate is a user whose password was right.
type candidate struct {
	TenantID     tenancy.ID `json:"tenant_id"`
	UserID       uuid.UUID  `json:"user_id"`
	Slug         string     `json:"slug"`
	Organization string     `json:"organization"`
	Verified     bool       `json:"verified"`
	SecondStep   bool       `json:"second_step"`
	Methods      []string   `json:"methods"`
	AMR          []string   `json:"amr"`
}

// step is a login in the middle: what it is for, and who it is so far.
type step struct {
	Wish wish      `json:"wish"`
	Who  candidate `json:"who"`
}

// beginLogin answers an application's request, by what the browser has shown
// already or by asking.
func (s *server) beginLogin(v *visit) error {
	query := v.r.URL.Query()
	challenge := query.Get("login_challenge")
	if challenge == "" {
		return v.askPassword(wish{Slug: query.Get("tenant")}, "", "")
	}
	req, err := s.Flows.Login(v.ctx(), challenge)
	if err != nil {
		return flowFault(err, "sign-in")
	}
	if req.Skip {
		return v.recognise(req)
	}
	if req.Operators {
		return v.askOperator(wish{Challenge: challenge, Session: req.SessionID, Client: req.Client.Name}, req.LoginHint, "")
	}
	return v.askPassword(wish{Challenge: challenge, Session: req.SessionID, Client: req.Client.Name, Slug: req.TenantHint, TwoSteps: req.WantsTwoSteps()}, req.LoginHint, "")
}

// loginAt is a tenant's own sign-in page.
func (s *server) loginAt(v *visit) error {
	slug, err := tenancy.ParseSlug(tenantInPath(v.r))
	if err != nil {
		return errNoTenant
	}
	return v.askPassword(wish{Slug: string(slug)}, "", "")
}

func (v *visit) askPassword(w wish, email, alert string) error {
	token, err := v.token(kindLogin, loginLife, w)
	if err != nil {
		return err
	}
	f := form{
		Action: "/login", Token: token, Submit: "Sign in", Alert: alert,
		Fields: []field{
			{Name: "email", Label: "E-mail address", Type: "email", Autocomplete: "username", Value: email, Focus: email == ""},
			{Name: "password", Label: "Password", Type: "password", Autocomplete: "current-password", Focus: email != ""},
		},
		Links: []link{{"I have forgotten my password", "/password/forgot"}, {"Sign up", "/signup"}},
	}
	switch {
	case w.Client != "" && w.Slug != "":
		f.Intro = "To go on to " + w.Client + " at " + w.Slug + "."
	case w.Client != "":
		f.Intro = "To go on to " + w.Client + "."
	case w.Slug != "":
		f.Intro = "To your account at " + w.Slug + "."
	}
	return v.ask("Sign in", f)
}

// refusal is the one text of every refused login.
const refusal = "E-mail address or password is not right, or your organization cannot be reached at the moment."

// login checks an e-mail address and a password.
func (s *server) login(v *visit) error {
	var w wish
	if err := v.opened(kindLogin, &w); err != nil {
		return err
	}
	email, password := v.field("email"), v.r.PostFormValue("password")
	if err := v.attempt(email); err != nil {
		return err
	}
	found, err := s.candidates(v, w, email, password)
	if err != nil {
		return err
	}
	switch len(found) {
	case 0:
		s.metrics.login(outcomeRefused)
		if err := v.settle(); err != nil {
			return err
		}
		return v.askPassword(w, email, refusal)
	case 1:
		return v.proceed(step{Wish: w, Who: found[0]})
	}
	return v.askTenant(w, found)
}

// candidates returns the users that address and password open, of the wished
// tenant or of all. It works for an address without tenants as for one with.
func (s *server) candidates(v *visit, w wish, email, password string) ([]candidate, error) {
	ids, err := s.tenantsToAsk(v.ctx(), w, email)
	if err != nil {
		return nil, err
	}
	if len(ids) == 0 {
		s.Decoy(v.ctx(), password)
		return nil, nil
	}
	var (
		mu    sync.Mutex
		found []candidate
	)
	group, ctx := errgroup.WithContext(v.ctx())
	for _, id := range ids {
		group.Go(func() error {
			c, ok, err := s.verify(ctx, id, controlplane.LoginAttempt{Email: email, Password: password, Device: v.cookie(deviceCookie + id.String())})
			if err != nil && v.ctx().Err() == nil {
				// A cell that is down is told like a wrong password: only addresses
				// that are known there would see the difference.
				s.Log.WarnContext(ctx, "login could not be checked", "tenant", id, "err", err)
				return nil
			}
			mu.Lock()
			defer mu.Unlock()
			if ok {
				found = append(found, c)
			}
			return err
		})
	}
	err = group.Wait()
	slices.SortFunc(found, func(a, b candidate) int { return compare(a.Organization, b.Organization) })
	return found, err
}

// tenantsToAsk returns the wished tenant, or those of the address.
func (s *server) tenantsToAsk(ctx context.Context, w wish, email string) ([]tenancy.ID, error) {
	if w.Slug != "" {
		t, err := s.tenantBySlug(ctx, w.Slug)
		if errors.Is(err, errNoTenant) {
			return nil, nil
		}
		return []tenancy.ID{t.TenantID}, err
	}
	refs, err := s.Index.TenantsOf(ctx, email)
	if err != nil {
		return nil, err
	}
	var ids []tenancy.ID
	for _, ref := range refs {
		if !slices.Contains(ids, ref.TenantID) && len(ids) < maxTenants {
			ids = append(ids, ref.TenantID)
		}
	}
	return ids, nil
}

// verify has one cell check the attempt.
func (s *server) verify(ctx context.Context, id tenancy.ID, a controlplane.LoginAttempt) (c candidate, ok bool, err error) {
	err = s.inCell(ctx, id, func(ctx context.Context, t controlplane.Tenant) error {
		verdict, err := s.Cells.VerifyLogin(ctx, t.Cell, id, t.Epoch, a)
		if err != nil {
			return err
		}
		ok = verdict.OK
		c = candidate{
			TenantID: id, UserID: verdict.UserID, Slug: string(t.Slug), Organization: t.Organization, Verified: verdict.EmailVerified,
			SecondStep: verdict.SecondStep, Methods: verdict.Methods, AMR: []string{controlplane.AMRPassword},
		}
		if !verdict.SecondStep && len(verdict.Methods) > 0 {
			c.AMR = append(c.AMR, controlplane.AMRDevice)
		}
		return nil
	})
	if fault.CodeOf(err) == fault.NotFound {
		return candidate{}, false, nil // the index is behind
	}
	return c, ok, err
}

type tenantChoice struct {
	Intro, Action, Token string
	Tenants              []tenantLine
}

type tenantLine struct{ ID, Slug, Organization string }

type choice struct {
	Wish  wish        `json:"wish"`
	Among []candidate `json:"among"`
}

func (v *visit) askTenant(w wish, among []candidate) error {
	token, err := v.token(kindChoice, stepLife, choice{w, among})
	if err != nil {
		return err
	}
	body := tenantChoice{Intro: "Your address and password belong to more than one. Where do you want to sign in?", Action: "/login/tenant", Token: token}
	for _, c := range among {
		body.Tenants = append(body.Tenants, tenantLine{c.TenantID.String(), c.Slug, c.Organization})
	}
	return v.show("choice", page{Title: "Choose an organization", Body: body})
}

// chooseTenant goes on as one of those that were offered, and as nobody else.
func (s *server) chooseTenant(v *visit) error {
	var c choice
	if err := v.opened(kindChoice, &c); err != nil {
		return err
	}
	wanted := v.field("tenant")
	for _, who := range c.Among {
		if who.TenantID.String() == wanted {
			return v.proceed(step{Wish: c.Wish, Who: who})
		}
	}
	return fault.New(fault.Forbidden, "choose one of the organizations that were offered")
}

// proceed asks for what is still missing, or ends the login.
func (v *visit) proceed(st step) error {
	switch {
	case !st.Who.Verified:
		return v.askVerification(st)
	case st.Who.SecondStep || st.Wish.TwoSteps:
		return v.askSecondStep(st)
	}
	return v.finish(st)
}

// askVerification tells somebody whose password was right that the address has
// to be confirmed first, and mails how.
func (v *visit) askVerification(st step) error {
	if v.mayMail("verification " + st.Who.UserID.String()) {
		err := v.server.inCell(v.ctx(), st.Who.TenantID, func(ctx context.Context, t controlplane.Tenant) error {
			return v.server.Cells.SendVerification(ctx, t.Cell, t.TenantID, t.Epoch, st.Who.UserID)
		})
		if err != nil {
			return err
		}
	}
	return v.say("Confirm your address", "We have sent you a mail with a link. Open it to confirm that the address is yours, then sign in again.")
}
