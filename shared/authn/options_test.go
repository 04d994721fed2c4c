package authn_test

import (
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/coditect/platform/shared/authn"
	"github.com/coditect/platform/shared/authn/authntest"
)

func TestOptionsAreValidated(t *testing.T) {
	t.Parallel()
	valid := authn.Options{Issuer: "i", Audience: "a", JWKSURL: "https://issuer.test/jwks"}
	if err := valid.Validate(); err != nil {
		t.Error(err)
	}
	for want, change := range map[string]func(*authn.Options){
		"issuer":   func(o *authn.Options) { o.Issuer = "" },
		"audience": func(o *authn.Options) { o.Audience = "" },
		"JWKS":     func(o *authn.Options) { o.JWKSURL = "file:///etc/keys" },
		"skew":     func(o *authn.Options) { o.Skew = 61 * time.Second },
		"number":   func(o *authn.Options) { o.CacheTokens = -1 },
		"bytes":    func(o *authn.Options) { o.CacheBytes = 1 },
		"pauses":   func(o *authn.Options) { o.MaxAge = -1 },
	} {
		opts := valid
		change(&opts)
		if _, err := authn.New(opts); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}

func TestMetrics(t *testing.T) {
	t.Parallel()
	registry := prometheus.NewRegistry()
	w := start(t, func(o *authn.Options) { o.Registry = registry })
	token := mint(t, w.ed, authntest.Token{})
	for range 3 {
		accepted(t, w.Verifier, token)
	}
	refused(t, w.Verifier, "x", "compact form")
	got := map[string]float64{}
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		for _, m := range family.GetMetric() {
			name := family.GetName()
			for _, label := range m.GetLabel() {
				name += "/" + label.GetValue()
			}
			got[name] = m.GetCounter().GetValue() + m.GetGauge().GetValue()
		}
	}
	for name, want := range map[string]float64{
		"router_auth_cache_hits_total": 2, "router_auth_cached_tokens": 1, "router_auth_key_fetches_total/ok": 1, "router_auth_keys": 3,
		"router_auth_tokens_total/refused": 1, "router_auth_tokens_total/unavailable": 0, "router_auth_tokens_total/verified": 1,
		"router_auth_keys_loaded_timestamp_seconds": float64(began.Unix()),
	} {
		if value, ok := got[name]; !ok || value != want {
			t.Errorf("%s: %v (%v), want %v", name, value, ok, want)
		}
	}
}
