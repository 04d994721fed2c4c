package credentials

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/shared/fault"
)

// as is the call made by a user of the tenant, who has to be active.
func as(call *cell.Call, user uuid.UUID) *cell.Call {
	return &cell.Call{Tenant: call.Tenant, Epoch: call.Epoch, RequestID: call.RequestID, Permission: cell.Anyone, Token: &cell.Token{UserID: user}}
}

// entry names no address: the log is append-only, and a person may ask to be
// forgotten.
func entry(action string, user uuid.UUID, details map[string]any) cell.AuditEntry {
	if details == nil {
		details = map[string]any{}
	}
	return cell.AuditEntry{Action: action, SubjectType: "credential", SubjectID: user, Details: details}
}

// refused is what everything says that was shown and is not right.
func refused() error {
	return fault.New(fault.Unauthenticated, "that is not right, or the account is locked for a while")
}

// printable refuses blank names and control characters, which could break out of
// a mail header or a log line.
func printable(name string) error {
	if strings.TrimSpace(name) == "" || !utf8.ValidString(name) || strings.ContainsFunc(name, unicode.IsControl) {
		return fault.New(fault.Invalid, "the request breaks rules of the API").At("/name", "use a name of printable characters")
	}
	return nil
}

func newID() uuid.UUID { return uuid.Must(uuid.NewV7()) }
