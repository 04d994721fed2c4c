package totp_test

import (
	"strings"
	"testing"
	"time"

	"github.com/coditect/platform/shared/totp"
)

// The vectors of RFC 6238, appendix B, cut to six digits.
func TestVectors(t *testing.T) {
	t.Parallel()
	secret := []byte("12345678901234567890")
	for at, want := range map[int64]string{59: "287082", 1111111109: "081804", 1111111111: "050471", 1234567890: "005924", 2000000000: "279037", 20000000000: "353130"} {
		if got := totp.Code(secret, time.Unix(at, 0)); got != want {
			t.Errorf("at %d: %s, want %s", at, got, want)
		}
	}
}

func TestACodeIsGoodOnceAndNearItsTime(t *testing.T) {
	t.Parallel()
	secret, now := totp.NewSecret(), time.Unix(1_800_000_000, 0)
	code := totp.Code(secret, now)
	step, ok := totp.Verify(secret, code[:3]+" "+code[3:], now, 0)
	if !ok {
		t.Fatal("the right code is refused")
	}
	if _, ok := totp.Verify(secret, code, now, step); ok {
		t.Error("a code is good twice")
	}
	for shift, want := range map[time.Duration]bool{-totp.Period: true, totp.Period: true, -2 * totp.Period: false, 2 * totp.Period: false} {
		if _, ok := totp.Verify(secret, code, now.Add(shift), 0); ok != want {
			t.Errorf("%s off: %v", shift, ok)
		}
	}
	for _, wrong := range []string{"", "0", code + "0", code[1:], strings.Repeat("9", 1000)} {
		if _, ok := totp.Verify(secret, wrong, now, 0); ok {
			t.Errorf("%q is accepted", wrong)
		}
	}
}

func TestURI(t *testing.T) {
	t.Parallel()
	got := totp.URI("Coditect Platform", "ann@example.org", []byte("12345678901234567890"))
	if want := "otpauth://totp/Coditect%20Platform:ann@example.org?issuer=Coditect%20Platform&secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"; got != want {
		t.Errorf("got %s", got)
	}
}
