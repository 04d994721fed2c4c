package policy_test

import (
	"testing"

	"github.com/coditect/platform/router/internal/policy"
	"github.com/coditect/platform/shared/directory"
	"github.com/coditect/platform/shared/fault"
)

func TestAdmit(t *testing.T) {
	t.Parallel()
	want := map[directory.State]fault.Code{
		directory.Active: "", directory.Suspended: fault.PaymentRequired, directory.Provisioning: fault.UnknownTenant,
		directory.Deleting: fault.UnknownTenant, directory.Deleted: fault.UnknownTenant, "surprise": fault.UnknownTenant,
	}
	for state, code := range want {
		err := policy.Admit(state)
		if (err == nil) != (code == "") || err != nil && err.Code != code {
			t.Errorf("%s: %v, want %q", state, err, code)
		}
	}
}

func TestWhatIsPaidFor(t *testing.T) {
	t.Parallel()
	rules := policy.Default()
	for _, c := range []struct {
		access       directory.Access
		method, path string
		want         fault.Code
	}{
		{directory.FullAccess, "POST", "/v1/projects", ""},
		{directory.ReadOnly, "GET", "/v1/projects", ""},
		{directory.ReadOnly, "HEAD", "/v1/projects", ""},
		{directory.ReadOnly, "POST", "/v1/projects", fault.TenantReadOnly},
		{directory.ReadOnly, "get", "/v1/projects", fault.TenantReadOnly},
		{directory.ReadOnly, "POST", "/v1/billing/portal", ""},
		{directory.ReadOnly, "POST", "/v1/billing/../projects", fault.TenantReadOnly},
		{directory.ReadOnly, "POST", "/v1/billing%2f..%2fprojects", fault.TenantReadOnly},
		{directory.ReadOnly, "POST", "/v1/billingx", fault.TenantReadOnly},
		{directory.NoAccess, "GET", "/v1/projects", fault.PaymentRequired},
		{directory.NoAccess, "GET", "/v1/billing/invoices", ""},
		{"surprise", "GET", "/v1/projects", fault.PaymentRequired},
	} {
		err := policy.Afford(c.access, rules.Route([]byte(c.method), []byte(c.path)), c.method)
		if (err == nil) != (c.want == "") || err != nil && err.Code != c.want {
			t.Errorf("%q %s %s: %v, want %q", c.access, c.method, c.path, err, c.want)
		}
	}
}
