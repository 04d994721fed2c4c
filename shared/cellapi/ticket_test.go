package cellapi_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/coditect/platform/shared/cellapi"
	"github.com/coditect/platform/shared/tenancy"
)

func TestTickets(t *testing.T) {
	t.Parallel()
	now := time.Now().UTC().Truncate(time.Second)
	key := cellapi.DeriveKey([]byte("master"), "cell-a")
	ticket := cellapi.Ticket{Tenant: tenancy.NewID(), Migration: uuid.New(), Source: "cell-a", Target: "cell-b", Expires: now.Add(time.Hour)}
	text := ticket.Mint(key)
	if got, err := cellapi.OpenTicket(key, text, now); err != nil || got != ticket {
		t.Errorf("%+v, %v; want %+v", got, err, ticket)
	}
	if _, err := cellapi.OpenTicket(key, text, now.Add(time.Hour)); !errors.Is(err, cellapi.ErrTicketExpired) {
		t.Errorf("at its end: %v", err)
	}
	if _, err := cellapi.OpenTicket(cellapi.DeriveKey([]byte("master"), "cell-b"), text, now); !errors.Is(err, cellapi.ErrTicket) {
		t.Errorf("another cell's key: %v", err)
	}
	other := ticket
	other.Tenant = tenancy.NewID()
	body, _, _ := strings.Cut(other.Mint([]byte("guess")), ".")
	_, sum, _ := strings.Cut(text, ".")
	for _, bad := range []string{"", ".", text[:len(text)-1], text + "A", body + "." + sum, sum + "." + body} {
		if _, err := cellapi.OpenTicket(key, bad, now); !errors.Is(err, cellapi.ErrTicket) {
			t.Errorf("ticket %q: %v", bad, err)
		}
	}
}
