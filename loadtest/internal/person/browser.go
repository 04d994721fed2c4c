package person

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"

	"golang.org/x/net/html"
)

// Browser keeps cookies and follows redirects. It is one person's.
type Browser struct {
	client *http.Client
	back   string // an address of an application: whoever is sent there has arrived
}

// maxRedirects is more than a login takes.
const maxRedirects = 15

// transport is everybody's: names below localhost are this machine.
var transport = &http.Transport{
	DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		if host, port, err := net.SplitHostPort(address); err == nil && strings.HasSuffix(host, ".localhost") {
			address = net.JoinHostPort("127.0.0.1", port)
		}
		return new(net.Dialer).DialContext(ctx, network, address)
	},
	MaxIdleConnsPerHost: 64,
}

// NewBrowser returns a browser without cookies.
func NewBrowser() (*Browser, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	b := &Browser{client: &http.Client{Transport: transport, Jar: jar}}
	b.client.CheckRedirect = func(next *http.Request, via []*http.Request) error {
		if len(via) > maxRedirects || b.back != "" && strings.HasPrefix(next.URL.String(), b.back) {
			return http.ErrUseLastResponse
		}
		return nil
	}
	return b, nil
}

// Cookies are what the browser would show at an address.
func (b *Browser) Cookies(address string) ([]*http.Cookie, error) {
	at, err := url.Parse(address)
	if err != nil {
		return nil, err
	}
	return b.client.Jar.Cookies(at), nil
}

// Page is what a browser shows.
type Page struct {
	Status int
	URL    *url.URL // where it came from, or where a redirect leads that was not followed
	Text   string   // HTML
}

// Get opens an address.
func (b *Browser) Get(ctx context.Context, address string) (Page, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return Page{}, err
	}
	return b.open(req)
}

// Send fills in the form of a page that has a field of this name, or its first
// form for "", and sends it.
func (b *Browser) Send(ctx context.Context, p Page, field string, values map[string]string) (Page, error) {
	return b.send(ctx, p, values, func(_ string, f form) bool { return field == "" || f.values.Has(field) })
}

// SendTo sends the form of a page that leads to a path.
func (b *Browser) SendTo(ctx context.Context, p Page, path string, values map[string]string) (Page, error) {
	return b.send(ctx, p, values, func(action string, _ form) bool { return action == path })
}

func (b *Browser) send(ctx context.Context, p Page, values map[string]string, wanted func(action string, f form) bool) (Page, error) {
	f, err := formOf(p, wanted)
	if err != nil {
		return Page{}, err
	}
	for name, value := range values {
		f.values.Set(name, value)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, f.action, strings.NewReader(f.values.Encode()))
	if err != nil {
		return Page{}, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	return b.open(req)
}

func (b *Browser) open(req *http.Request) (Page, error) {
	resp, err := b.client.Do(req)
	if err != nil {
		return Page{}, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return Page{}, err
	}
	p := Page{Status: resp.StatusCode, URL: resp.Request.URL, Text: string(text)}
	if to, err := resp.Location(); err == nil {
		p.URL = to
	}
	return p, nil
}

// Says is nil if the page shows a text.
func (p Page) Says(text string) error {
	if strings.Contains(p.Text, text) {
		return nil
	}
	return fmt.Errorf("%s (%d) does not say %q: %s", p.URL, p.Status, text, p.Text)
}

type form struct {
	action string
	values url.Values
}

// formOf returns a page's form with what is in it.
func formOf(p Page, wanted func(action string, f form) bool) (form, error) {
	root, err := html.Parse(strings.NewReader(p.Text))
	if err != nil {
		return form{}, err
	}
	for n := range root.Descendants() {
		if n.Type != html.ElementNode || n.Data != "form" {
			continue
		}
		action, err := p.URL.Parse(attribute(n, "action"))
		if err != nil {
			return form{}, err
		}
		f := form{action.String(), url.Values{}}
		for input := range n.Descendants() {
			name := attribute(input, "name")
			if input.Type == html.ElementNode && name != "" && input.Data != "button" && attribute(input, "type") != "checkbox" {
				f.values.Set(name, attribute(input, "value"))
			}
		}
		if wanted(attribute(n, "action"), f) {
			return f, nil
		}
	}
	return form{}, fmt.Errorf("%s (%d) has no such form: %s", p.URL, p.Status, p.Text)
}

func attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}
