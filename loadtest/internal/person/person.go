package person

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"time"

	"github.com/coditect/platform/deploy/local"
)

// Person has an account, or is about to.
type Person struct {
	At       local.Endpoints
	Slug     string // of the tenant
	Email    string
	Password string
}

// mailPatience bounds the wait for a mail; pollEvery is how often it is looked for.
const (
	mailPatience = 30 * time.Second
	pollEvery    = 100 * time.Millisecond
)

// SignUp makes a tenant of the person's own, and sets the first password by the
// link in the mail.
func (p Person) SignUp(ctx context.Context) error {
	b, err := NewBrowser()
	if err != nil {
		return err
	}
	page, err := b.Get(ctx, p.At.Identity.SigninURL+"/signup")
	if err != nil {
		return err
	}
	page, err = b.Send(ctx, page, "slug", map[string]string{"organization": "Org " + p.Slug, "slug": p.Slug, "name": "Person", "email": p.Email})
	if err == nil {
		err = page.Says("Look into your mail")
	}
	if err != nil {
		return fmt.Errorf("sign up %s: %w", p.Slug, err)
	}
	link, err := p.MailedLink(ctx, "/password/reset")
	if err != nil {
		return err
	}
	if page, err = b.Get(ctx, link); err != nil {
		return err
	}
	if page, err = b.Send(ctx, page, "password", map[string]string{"password": p.Password}); err != nil {
		return err
	}
	return page.Says("The password is set")
}

// MailedLink waits for a mail to the person with a link to a page of the login
// application, and returns the link.
func (p Person) MailedLink(ctx context.Context, path string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, mailPatience)
	defer cancel()
	found := regexp.MustCompile(regexp.QuoteMeta(p.At.Identity.SigninURL+path) + `\S+`)
	ticker := time.NewTicker(pollEvery)
	defer ticker.Stop()
	for {
		mails, err := p.mails(ctx)
		if err != nil {
			return "", err
		}
		for _, text := range mails {
			if link := found.FindString(text); link != "" {
				return link, nil
			}
		}
		select {
		case <-ctx.Done():
			return "", fmt.Errorf("no mail to %s with a link to %s among %d", p.Email, path, len(mails))
		case <-ticker.C:
		}
	}
}

// mails returns the texts of the person's mails, newest first.
func (p Person) mails(ctx context.Context) ([]string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.At.MailURL+"/api/messages?to="+url.QueryEscape(p.Email), nil)
	if err != nil {
		return nil, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	var answer struct {
		Messages []struct {
			Text string `json:"text"`
		} `json:"messages"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
		return nil, err
	}
	texts := make([]string, len(answer.Messages))
	for i, m := range answer.Messages {
		texts[i] = m.Text
	}
	return texts, nil
}

var errRefused = errors.New("refused")

// Attempt opens the sign-in page and sends the password. It returns how long the
// answer to that took, and an error if it was a refusal.
func (p Person) Attempt(ctx context.Context, path string) (time.Duration, error) {
	b, err := NewBrowser()
	if err != nil {
		return 0, err
	}
	page, err := b.Get(ctx, p.At.Identity.SigninURL+path)
	if err != nil {
		return 0, err
	}
	b.back = p.At.Identity.SigninURL + "/account" // what follows is another page's time
	began := time.Now()
	page, err = b.Send(ctx, page, "password", map[string]string{"email": p.Email, "password": p.Password})
	took := time.Since(began)
	switch {
	case err != nil:
		return took, err
	case page.Status == http.StatusUnprocessableEntity:
		return took, errRefused
	case page.Status != http.StatusSeeOther:
		return took, fmt.Errorf("sign in: %d %s", page.Status, page.Text)
	}
	return took, nil
}

// Refused reports whether an error is that of an attempt with a wrong password.
func Refused(err error) bool { return errors.Is(err, errRefused) }
