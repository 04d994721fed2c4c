package cellapi

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/coditect/platform/shared/tenancy"
)

// TicketScheme begins the Authorization header with which the target of a
// migration calls the source: "Transfer <ticket>".
const TicketScheme = "Transfer "

// Ticket lets one cell read one tenant of another, for one migration: the
// operations of the internal API that are tagged stream, nothing else.
type Ticket struct {
	Tenant    tenancy.ID `json:"tenant"`
	Migration uuid.UUID  `json:"migration"`
	Source    string     `json:"source"` // the cell that is read
	Target    string     `json:"target"` // the cell that reads
	Expires   time.Time  `json:"expires"`
}

// Errors of [OpenTicket].
var (
	ErrTicket        = errors.New("ticket is not one of this cell's control key")
	ErrTicketExpired = errors.New("ticket has expired")
)

// Mint returns the ticket's text, made with the source's control key.
func (t Ticket) Mint(key []byte) string {
	body, err := json.Marshal(t)
	if err != nil {
		return "" // only a year of five digits cannot be marshalled
	}
	return base64.RawURLEncoding.EncodeToString(body) + "." + base64.RawURLEncoding.EncodeToString(ticketSum(key, body))
}

// OpenTicket reads a ticket that was made with the key and has not expired.
func OpenTicket(key []byte, text string, now time.Time) (Ticket, error) {
	encodedBody, encodedSum, _ := strings.Cut(text, ".")
	body, bodyErr := base64.RawURLEncoding.Strict().DecodeString(encodedBody)
	sum, sumErr := base64.RawURLEncoding.Strict().DecodeString(encodedSum)
	if bodyErr != nil || sumErr != nil || !hmac.Equal(sum, ticketSum(key, body)) {
		return Ticket{}, ErrTicket
	}
	var t Ticket
	if err := json.Unmarshal(body, &t); err != nil {
		return Ticket{}, ErrTicket
	}
	if !now.Before(t.Expires) {
		return Ticket{}, ErrTicketExpired
	}
	return t, nil
}

// ticketSum begins as no request signature's text does, so neither passes for
// the other under the same key.
func ticketSum(key, body []byte) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte("ticket-v1\n"))
	mac.Write(body)
	return mac.Sum(nil)
}
