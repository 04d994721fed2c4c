//go:build browser

package browser_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/coditect/platform/deploy/local"
	"github.com/coditect/platform/shared/testkit"
)

// start starts a platform of the test's own, as `make up` does.
func start(t *testing.T) *local.Platform {
	t.Helper()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	ports, err := local.FreePorts()
	if err != nil {
		t.Fatal(err)
	}
	p, err := local.New(local.Options{
		Root: root, Dir: filepath.Join(root, ".local", "browser", fmt.Sprint(os.Getpid())), BinDir: filepath.Join(root, ".local", "bin"), Ports: ports,
		WithoutTenants: true, Attached: true, Out: os.Stderr,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := p.Nuke(ctx); err != nil {
			t.Errorf("the platform was not removed: %v", err)
		}
	})
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()
	if err := p.Up(ctx); err != nil {
		t.Fatal(err)
	}
	return p
}

// stepLimit bounds one page, on a busy machine.
const stepLimit = 30 * time.Second

// chromium is a browser with a profile of its own.
type chromium struct {
	t   *testing.T
	ctx context.Context
}

func open(t *testing.T) *chromium {
	t.Helper()
	profile, err := os.MkdirTemp("", "chromium") // not the test's own: a straggler of the browser may still write there
	if err != nil {
		t.Fatal(err)
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], //nolint:gocritic // the default's copy
		chromedp.ExecPath("/usr/bin/chromium"), chromedp.UserDataDir(profile), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.NoFirstRun,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-sync", true),
	)
	allocator, endAllocator := chromedp.NewExecAllocator(t.Context(), options...)
	ctx, end := chromedp.NewContext(allocator)
	t.Cleanup(func() {
		_ = chromedp.Cancel(ctx) // waits for the browser to end; it may have ended
		end()
		endAllocator()
		_ = os.RemoveAll(profile)
	})
	if err := chromedp.Run(ctx); err != nil {
		t.Fatalf("chromium: %v", err)
	}
	return &chromium{t, ctx}
}

// do runs actions; a failure shows the page on which it happened.
func (c *chromium) do(what string, actions ...chromedp.Action) {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.ctx, stepLimit)
	defer cancel()
	if err := chromedp.Run(ctx, actions...); err != nil {
		c.t.Fatalf("%s: %v; the page was %s\n%s", what, err, c.where(), c.text())
	}
}

func (c *chromium) read(action func(*string) chromedp.Action) (text string) {
	ctx, cancel := context.WithTimeout(c.ctx, 5*time.Second)
	defer cancel()
	if err := chromedp.Run(ctx, action(&text)); err != nil {
		return err.Error()
	}
	return text
}

func (c *chromium) where() string {
	return c.read(func(s *string) chromedp.Action { return chromedp.Location(s) })
}

func (c *chromium) text() string {
	return c.read(func(s *string) chromedp.Action { return chromedp.Evaluate(`document.body.innerText`, s) })
}

// fill types into the page's form and sends it: name, value, name, value.
func (c *chromium) fill(what string, values ...string) {
	c.t.Helper()
	var actions []chromedp.Action
	for i := 0; i < len(values); i += 2 {
		field := `main form input[name="` + values[i] + `"]`
		actions = append(actions, chromedp.WaitVisible(field), chromedp.Clear(field), chromedp.SendKeys(field, values[i+1]))
	}
	last := `main form:has(input[name="` + values[0] + `"]) button[type=submit]`
	c.do(what, append(actions, chromedp.Click(last))...)
}

// click clicks what a selector finds.
func (c *chromium) click(what, selector string) {
	c.t.Helper()
	c.do(what, chromedp.WaitVisible(selector), chromedp.Click(selector))
}

// expect waits until the page shows a text.
func (c *chromium) expect(text string) {
	c.t.Helper()
	testkit.EventuallyOK(c.t, "the page says "+text, func() error {
		if shown := c.text(); !strings.Contains(shown, text) {
			return fmt.Errorf("%s says:\n%s", c.where(), shown)
		}
		return nil
	})
}

// mailedLink waits for a mail and returns the link in it.
func mailedLink(t *testing.T, p *local.Platform, to, path string) (link string) {
	t.Helper()
	found := regexp.MustCompile(regexp.QuoteMeta(p.State().Endpoints.Identity.SigninURL+path) + `\S+`)
	testkit.EventuallyOK(t, "a mail to "+to+" with a link to "+path, func() error {
		status, body := send(t, http.MethodGet, p.State().Endpoints.MailURL+"/api/messages?to="+to, "", "", "")
		var mails struct {
			Messages []struct {
				Text string `json:"text"`
			} `json:"messages"`
		}
		if err := json.Unmarshal(body, &mails); err != nil || status != http.StatusOK {
			return fmt.Errorf("%d %s", status, body)
		}
		for _, mail := range mails.Messages {
			if link = found.FindString(mail.Text); link != "" {
				return nil
			}
		}
		return fmt.Errorf("%d mails, none with it: %s", len(mails.Messages), body)
	})
	return link
}

// send sends a request that no browser sends.
func send(t *testing.T, method, url, host, bearer, body string) (int, []byte) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, bytes.NewReader([]byte(body)))
	if err != nil {
		t.Fatal(err)
	}
	if host != "" {
		req.Host = host
	}
	if bearer != "" {
		req.Header.Set("Authorization", "Bearer "+bearer)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, answer
}
