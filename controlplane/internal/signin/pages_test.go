package signin_test

import (
	"math"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/controlplane/internal/signin/signintest"
)

// Pages are for everybody: what a screen reader needs is checked on each of them.
func TestPagesAreAccessible(t *testing.T) {
	t.Parallel()
	w := start(t)
	w.cells.Change(w.ada, func(u *signintest.User) {
		u.TOTP, u.Code, u.Recovery, u.Passkeys = true, "111111", []string{"a"}, []controlplane.Passkey{{ID: "k", Name: "Key"}}
	})
	globex := w.tenants.Add("globex", "Globex")
	w.cells.Add(globex.TenantID, "two@example.org", password)
	w.cells.Add(w.acme.TenantID, "two@example.org", password)
	plain := w.cells.Add(w.acme.TenantID, "plain@example.org", password)
	b, signedIn := w.browser(), w.browser()
	signedIn.logInWith("plain@example.org", password)
	account := signedIn.get("/account")
	reset := "tenant=" + w.acme.TenantID.String() + "&code=c"
	consent := w.server.AskConsent(controlplane.ConsentRequest{Subject: plain.ID.String(), Client: controlplane.OAuthClient{ID: "other", Name: "Other"}, Scopes: []string{"openid", "custom"}})
	passkey := b.logInWith(ada, password)
	pages := map[string]*answer{
		"login": b.get("/login"), "login refused": b.logInWith(ada, "wrong"), "signup": b.get("/signup"), "signup refused": b.post("/signup", "token", b.get("/signup").token(), "slug", "x"),
		"forgot": b.get("/password/forgot"), "reset": b.get("/password/reset?" + reset), "reset refused": b.post("/password/reset", "token", b.get("/password/reset?"+reset).token(), "password", "short"),
		"verify": b.get("/verify?" + reset), "invitation": b.get("/invitation?" + reset), "signed out": b.get("/signed-out"), "nothing": b.get("/nothing"),
		"choice": b.logInWith("two@example.org", password), "passkey": passkey, "totp": b.post("/login/method", "token", passkey.token(), "method", "otp"),
		"recovery": b.post("/login/method", "token", passkey.token(), "method", "kba"), "account": account, "logout": signedIn.get("/logout"),
		"enrol": signedIn.post("/account/totp", "token", account.token()), "enrol refused": signedIn.post("/account/totp/confirm", "token", account.token(), "code", "1"),
		"add passkey": signedIn.post("/account/passkeys", "token", account.token()), "consent": signedIn.get("/consent?consent_challenge=" + consent),
		"operator": b.get("/login?login_challenge=" + w.challenge(func(r *controlplane.LoginRequest) { r.Operators = true })),
	}
	for name, page := range pages {
		t.Run(name, func(t *testing.T) { checkAccessible(t, page) })
	}
}

func checkAccessible(t *testing.T, page *answer) {
	t.Helper()
	ids, labels, headings, mains := map[string]int{}, map[string]bool{}, 0, 0
	var inputs []*html.Node
	for n := range page.nodes() {
		if id := attribute(n, "id"); id != "" {
			ids[id]++
		}
		switch n.Data {
		case "label":
			labels[attribute(n, "for")] = true
		case "h1":
			headings++
		case "main":
			mains++
		case "html":
			if attribute(n, "lang") == "" {
				t.Error("the page has no language")
			}
		case "title":
			if n.FirstChild == nil || strings.TrimSpace(n.FirstChild.Data) == "" {
				t.Error("the page has no title")
			}
		case "input", "select":
			if attribute(n, "type") != "hidden" {
				inputs = append(inputs, n)
			}
		case "button":
			if text(n) == "" && attribute(n, "aria-label") == "" {
				t.Error("a button without a name")
			}
		case "form":
			if attribute(n, "method") != "post" {
				t.Error("a form that is not posted")
			}
		}
		for _, a := range n.Attr {
			if strings.HasPrefix(a.Key, "on") || a.Key == "style" {
				t.Errorf("inline %s, which the policy forbids", a.Key)
			}
		}
	}
	if headings != 1 || mains != 1 {
		t.Errorf("%d headings, %d mains", headings, mains)
	}
	for id, n := range ids {
		if n > 1 {
			t.Errorf("id %s stands %d times", id, n)
		}
	}
	for _, n := range inputs {
		name := attribute(n, "name")
		if !labels[attribute(n, "id")] {
			t.Errorf("input %s has no label", name)
		}
		described := attribute(n, "aria-describedby")
		for id := range strings.FieldsSeq(described) {
			if ids[id] != 1 {
				t.Errorf("input %s is described by %s, which is not there", name, id)
			}
		}
		if attribute(n, "aria-invalid") != "" && !strings.Contains(described, name+"-error") {
			t.Errorf("input %s is wrong and does not say why", name)
		}
	}
}

func text(n *html.Node) string {
	var out strings.Builder
	for c := range n.Descendants() {
		if c.Type == html.TextNode {
			out.WriteString(c.Data)
		}
	}
	return strings.TrimSpace(out.String())
}

// Text can be read by weak eyes, by day and by night: WCAG 2.2, 1.4.3 (4.5 to 1)
// and, for borders of fields, 1.4.11 (3 to 1).
func TestColoursHaveContrast(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("static/style.css")
	if err != nil {
		t.Fatal(err)
	}
	schemes := regexp.MustCompile(`:root \{([^}]*)\}`).FindAllStringSubmatch(string(raw), -1)
	if len(schemes) != 2 {
		t.Fatalf("%d colour schemes", len(schemes))
	}
	for _, scheme := range schemes {
		colours := map[string]float64{}
		for _, m := range regexp.MustCompile(`--([a-z-]+): #([0-9a-f]{6})`).FindAllStringSubmatch(scheme[1], -1) {
			colours[m[1]] = luminance(t, m[2])
		}
		for _, pair := range []struct {
			front, back string
			least       float64
		}{
			{"text", "paper", 4.5},
			{"text", "ground", 4.5},
			{"text", "good-ground", 4.5},
			{"quiet", "paper", 4.5},
			{"quiet", "ground", 4.5},
			{"accent", "paper", 4.5},
			{"on-accent", "accent", 4.5},
			{"bad", "paper", 4.5},
			{"bad", "bad-ground", 4.5},
			{"line", "paper", 3},
			{"line", "ground", 3},
		} {
			a, b := colours[pair.front], colours[pair.back]
			if contrast := (max(a, b) + 0.05) / (min(a, b) + 0.05); contrast < pair.least {
				t.Errorf("%s on %s: %.2f to 1", pair.front, pair.back, contrast)
			}
		}
	}
}

// luminance is WCAG's relative luminance of a colour.
func luminance(t *testing.T, hex string) float64 {
	t.Helper()
	var sum float64
	for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
		n, err := strconv.ParseUint(hex[2*i:2*i+2], 16, 8)
		if err != nil {
			t.Fatal(err)
		}
		c := float64(n) / 255
		if c <= 0.04045 {
			c /= 12.92
		} else {
			c = math.Pow((c+0.055)/1.055, 2.4)
		}
		sum += weight * c
	}
	return sum
}
