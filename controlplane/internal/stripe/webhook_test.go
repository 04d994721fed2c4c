package stripe_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stripe/stripe-go/v76/webhook"

	"github.com/coditect/platform/controlplane/internal/stripe"
	"github.com/coditect/platform/controlplane/internal/stripe/stripetest"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

func serve(t *testing.T, do http.HandlerFunc) string {
	t.Helper()
	server := httptest.NewServer(do)
	t.Cleanup(server.Close)
	return server.URL
}

const (
	secret = "whsec_geheim"
	body   = `{"id": "evt_1", "object": "event", "api_version": "2023-10-16", "created": 1772357415, "type": "invoice.paid", "data": {"object": {"object": "invoice", "id": "in_1", "customer": "cus_1"}}}`
)

func TestOnlyWhatStripeSignedNowIsBelieved(t *testing.T) {
	t.Parallel()
	now := time.Now()
	signed := func(body, secret string, at time.Time) string { return stripetest.Signature([]byte(body), secret, at) }
	good := signed(body, secret, now)
	for name, c := range map[string]struct {
		body, signature string
		want            fault.Code
	}{
		"good":                         {body, good, ""},
		"five minutes old, almost":     {body, signed(body, secret, now.Add(-stripe.Tolerance+20*time.Second)), ""},
		"replayed later":               {body, signed(body, secret, now.Add(-stripe.Tolerance-2*time.Second)), fault.Unauthenticated},
		"years old":                    {body, signed(body, secret, now.AddDate(-2, 0, 0)), fault.Unauthenticated},
		"not signed":                   {body, "", fault.Unauthenticated},
		"another secret":               {body, signed(body, "whsec_other", now), fault.Unauthenticated},
		"another body":                 {strings.Replace(body, "cus_1", "cus_2", 1), good, fault.Unauthenticated},
		"another spelling of the body": {strings.ReplaceAll(body, ": ", ":"), good, fault.Unauthenticated},
		"another time, same signature": {body, strings.Replace(good, "t=1", "t=9", 1), fault.Unauthenticated},
		"a scheme that was left":       {body, strings.Replace(good, "v1=", "v0=", 1), fault.Unauthenticated},
		"nonsense":                     {body, "t=now,v1=zz", fault.Unauthenticated},
		"several, one good":            {body, good + ",v1=" + strings.Repeat("0", 64), ""},
		"another version":              {strings.Replace(body, "2023-10-16", "2019-01-01", 1), "sign", fault.Malformed},
		"not an event":                 {`{"hello": "world"}`, "sign", fault.Malformed},
		"not JSON":                     {`hello`, "sign", fault.Malformed},
	} {
		if c.signature == "sign" {
			c.signature = signed(c.body, secret, now)
		}
		e, err := stripe.Hooks{Secret: secret}.Verify([]byte(c.body), c.signature)
		if fault.CodeOf(err) != c.want || err == nil && (e.Customer != "cus_1" || e.ID != "evt_1" || e.Type != "invoice.paid") {
			t.Errorf("%s: %+v, %v, want %q", name, e, err, c.want)
		}
		if err != nil && strings.Contains(err.Error(), "geheim") {
			t.Errorf("%s: told the secret: %v", name, err)
		}
	}
}

func TestWhomAnEventIsAbout(t *testing.T) {
	t.Parallel()
	for object, want := range map[string]string{
		`{"object": "customer", "id": "cus_1"}`:                                             "cus_1",
		`{"object": "invoice", "id": "in_1", "customer": "cus_1"}`:                          "cus_1",
		`{"object": "invoice", "customer": {"object": "customer", "id": "cus_1"}}`:          "cus_1",
		`{"object": "invoice", "customer": null}`:                                           "",
		`{"object": "product", "id": "prod_1"}`:                                             "",
		`{"object": "invoice", "customer": {"object": "customer", "id": 7}, "lines": [{}]}`: "",
	} {
		whole := []byte(`{"id": "evt_1", "api_version": "2023-10-16", "created": 1, "type": "x.y", "data": {"object": ` + object + `}}`)
		e, err := stripe.Hooks{Secret: secret}.Verify(whole, stripetest.Signature(whole, secret, time.Now()))
		if err != nil || e.Customer != want {
			t.Errorf("%s: %q, %v; want %q", object, e.Customer, err, want)
		}
	}
}

// BenchmarkVerify compares with reading the whole event, as the library does.
func BenchmarkVerify(b *testing.B) {
	line := `{"id":"il_1","object":"line_item","amount":4900,"currency":"usd","metadata":{"coditect_plan":"team"},"period":{"start":1772357415,"end":1775035815}}`
	whole := []byte(strings.Replace(body, `"customer"`, `"lines": {"data": [`+strings.Repeat(line+",", 19)+line+`]}, "customer"`, 1))
	signature := stripetest.Signature(whole, secret, time.Now())
	for name, verify := range map[string]func() error{
		"ours": func() error {
			_, err := stripe.Hooks{Secret: secret}.Verify(whole, signature)
			return err
		},
		"library": func() error {
			_, err := webhook.ConstructEvent(whole, signature, secret)
			return err
		},
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := verify(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
