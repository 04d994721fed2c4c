package door

import (
	"net/http"
	"strings"
	"time"

	"github.com/coditect/platform/shared/cellapi"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/web"
)

// streamed are the operations, below an export, that a ticket opens.
var streamed = map[string]bool{"snapshot": true, "tables": true, "changes": true, "acknowledged": true, "digests": true, "files": true}

// Tickets lets in, besides the requests that signed lets in, those with a ticket
// of the cell's control key: to what the target of that one migration may read
// of that one tenant.
func Tickets(signed func(http.Handler) http.Handler, key []byte, cell string, now func() time.Time) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		withSignature := signed(next)
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			text, shown := strings.CutPrefix(r.Header.Get("Authorization"), cellapi.TicketScheme)
			if !shown {
				withSignature.ServeHTTP(w, r)
				return
			}
			if err := admitTicket(key, text, cell, r.URL.Path, now()); err != nil {
				fault.WriteProblem(w, err, web.RequestID(r.Context()))
				return
			}
			next.ServeHTTP(w, r)
		})
	}
}

func admitTicket(key []byte, text, cell, path string, now time.Time) error {
	ticket, err := cellapi.OpenTicket(key, text, now)
	if err != nil {
		return fault.Wrap(err, fault.Unauthenticated, "the ticket has expired or is not one of this cell")
	}
	below, inside := strings.CutPrefix(path, "/internal/v1/tenants/"+ticket.Tenant.String()+"/exports/"+ticket.Migration.String()+"/")
	operation, _, _ := strings.Cut(below, "/")
	if ticket.Source != cell || !inside || !streamed[operation] {
		return fault.New(fault.Forbidden, "the ticket is not for this")
	}
	return nil
}
