package signin

import (
	"crypto/hmac"
	"crypto/sha256"
	"strings"
	"time"

	"github.com/coditect/platform/controlplane/internal/throttle"
	"github.com/coditect/platform/shared/fault"
)

// limits bounds attempts. What it counts by is a keyed hash, so that the memory
// of the process holds no list of addresses.
type limits struct {
	key      []byte
	clients  *throttle.Throttle
	accounts *throttle.Keyed[accountKey]
	mails    *throttle.Keyed[accountKey]
}

type accountKey [sha256.Size]byte

// rememberedAccounts bounds the memory to some megabytes.
const rememberedAccounts = 50_000

func newLimits(opts Options) (*limits, error) {
	clients, err := throttle.New(perClient, throttle.Rate{}, opts.Clock)
	if err != nil {
		return nil, err
	}
	accounts, err := throttle.NewKeyed[accountKey](perAccount, rememberedAccounts, opts.Clock)
	if err != nil {
		return nil, err
	}
	mails, err := throttle.NewKeyed[accountKey](perMail, rememberedAccounts, opts.Clock)
	if err != nil {
		return nil, err
	}
	return &limits{key: derive(opts.Secret, "limits"), clients: clients, accounts: accounts, mails: mails}, nil
}

// of names an account, whether it exists or not, however it is written.
func (l *limits) of(account string) accountKey {
	mac := hmac.New(sha256.New, l.key)
	mac.Write([]byte(strings.ToLower(strings.TrimSpace(account))))
	return accountKey(mac.Sum(nil))
}

// attempt admits one more guess by the visitor at an account.
func (v *visit) attempt(account string) error {
	l := v.server.limits
	if wait := max(l.clients.Admit(v.client), l.accounts.Admit(l.of(account))); wait > 0 {
		return tooMany(wait)
	}
	return nil
}

// mayMail admits one more mail to an address. Nobody is told which of them was
// one too many: that would tell who gets any.
func (v *visit) mayMail(account string) bool {
	l := v.server.limits
	return l.mails.Admit(l.of(account)) == 0
}

func tooMany(wait time.Duration) error {
	return fault.New(fault.RateLimited, "too many attempts; wait a moment and try again").After(wait)
}
