package httpapi

import (
	"strings"
	"unicode"

	"github.com/google/uuid"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/shared/cellapi"
	"github.com/coditect/platform/shared/fault"
)

// readPrincipal reads whom the router verified. The door has checked that the
// router says so; whether such a user is here is asked in the transaction.
func readPrincipal(header string) (*cell.Token, error) {
	principal, err := cellapi.ParsePrincipal(header)
	if err == nil && (strings.ContainsFunc(principal.Subject, unicode.IsControl) || strings.ContainsFunc(principal.Client, unicode.IsControl)) {
		err = cellapi.ErrPrincipal // it could not be stored in the audit log
	}
	if err != nil {
		return nil, fault.Wrap(err, fault.Unauthenticated, "the request names no caller that this cell can read; tenants call the router")
	}
	return tokenOf(principal)
}

// tokenOf tells users from machines. A token that a client got for itself has
// the client as its subject (RFC 9068 §2.2), which may be a UUID too; every
// other UUID is a user's, so that one who was removed never passes for a machine.
func tokenOf(p *cellapi.Principal) (*cell.Token, error) {
	t := &cell.Token{Client: p.Client, Subject: p.Subject, Scopes: p.Scopes}
	for _, role := range p.Roles {
		t.Roles = append(t.Roles, cell.Role(role))
	}
	id, err := uuid.Parse(p.Subject)
	switch {
	case p.Client != "" && (err != nil || p.Client == p.Subject):
		t.Machine = true
	case err != nil || id == uuid.Nil:
		return nil, fault.New(fault.Unauthenticated, "the token's subject is neither a user's id nor a client; sign in again")
	default:
		t.UserID = id
	}
	return t, nil
}
