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
