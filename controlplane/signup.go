package controlplane

import (
	"net/mail"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/tenancy"
)

// Owner is the person who signs a tenant up. It is personal data: it goes to
// the tenant's cell and is kept nowhere else.
type Owner struct{ Name, Email string }

// SignupRequest is what a tenant-to-be asks for.
type SignupRequest struct {
	Organization string
	Slug         tenancy.Slug
	Residency    string // region; "" if any
	Plan         string
	Owner        Owner
}

// Bounds of names, in characters, and of addresses, in bytes (RFC 5321).
const (
	maxName  = 200
	maxEmail = 254
)

// Check says which rule the request breaks that its schema cannot tell, or nil.
func (r SignupRequest) Check() error {
	f := fault.New(fault.Invalid, "the request breaks rules of the API")
	if !printable(r.Organization) {
		f = f.At("/organization", "use a name of 1 to 200 printable characters")
	}
	if !printable(r.Owner.Name) {
		f = f.At("/owner/name", "use a name of 1 to 200 printable characters")
	}
	if !deliverable(r.Owner.Email) {
		f = f.At("/owner/email", "use the form name@example.org")
	}
	if len(f.Violations) > 0 {
		return f
	}
	return nil
}

// printable refuses blank names and control characters, which could break out
// of a mail header or a log line.
func printable(name string) bool {
	return strings.TrimSpace(name) != "" && utf8.ValidString(name) && utf8.RuneCountInString(name) <= maxName && !strings.ContainsFunc(name, unicode.IsControl)
}

func deliverable(email string) bool {
	address, err := mail.ParseAddress(email)
	return err == nil && address.Name == "" && address.Address == email && len(email) <= maxEmail && printable(email)
}

// SignupState says how far a sign-up has come; see package onboarding.
type SignupState string

// The states of a sign-up.
const (
	SignupReserved  SignupState = "reserved"  // slug claimed, tenant provisioning; can be undone
	SignupCommitted SignupState = "committed" // tenant active in the directory; only forward
	SignupDone      SignupState = "done"      // live in its cell
	SignupUndone    SignupState = "undone"    // nothing is left; the key may try again
)

// Signup is the durable record of one sign-up. It holds no personal data.
type Signup struct {
	ID          uuid.UUID
	KeyHash     []byte // of the Idempotency-Key
	RequestHash []byte // keyed hash of the request's body
	TenantID    tenancy.ID
	Cell        string
	State       SignupState
	Lease       uuid.UUID // who works on it; a step is refused to anyone else
	LeaseUntil  time.Time
}

// Removal is an order to remove what a cell may hold of a tenant that the
// directory has given up.
type Removal struct {
	TenantID tenancy.ID
	Cell     string
	Epoch    uint64
	Tries    int
}
