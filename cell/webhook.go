package cell

import (
	"crypto/rand"
	"encoding/base64"
	"time"

	"github.com/google/uuid"
)

// WebhookEvents are what a tenant can be told of: actions of the audit log.
var WebhookEvents = []string{
	"organization.updated",
	"user.created", "user.updated", "user.deleted",
	"api_key.created", "api_key.deleted",
	"role.created", "role.updated", "role.deleted",
	"workspace.created", "workspace.updated", "workspace.deleted",
	"project.created", "project.updated", "project.deleted",
}

// WebhookPing is the event of a test, which every endpoint gets when asked to.
const WebhookPing = "ping"

// MaxWebhookEndpoints bounds the endpoints of one tenant.
const MaxWebhookEndpoints = 20

// OldSecretLife is how long messages are signed with the secret before as well,
// so that a receiver has the time to change over.
const OldSecretLife = 24 * time.Hour

// WebhookEndpoint is a URL that is told of what happens.
type WebhookEndpoint struct {
	ID             uuid.UUID
	URL            string
	Description    string
	Events         []string // of WebhookEvents; empty: all
	Active         bool
	Secret         WebhookSecret
	OldSecret      WebhookSecret // nil: none
	OldSecretUntil time.Time
	FailingSince   time.Time // zero: the last attempt went well, or there was none
	DisabledReason string    // why the cell stopped it; "" if it did not
	Version        int64
	CreatedAt      time.Time
	UpdatedAt      time.Time
}

// WebhookChange holds what a change sets; nil leaves a field as it is.
type WebhookChange struct {
	URL, Description *string
	Events           *[]string
	Active           *bool
	Secret           WebhookSecret // nil: none; the one before goes on working for OldSecretLife
}

// WebhookSecret signs messages. Its text is shown once.
type WebhookSecret []byte

const webhookSecretBytes = 32

// NewWebhookSecret makes a secret.
func NewWebhookSecret() WebhookSecret {
	secret := make(WebhookSecret, webhookSecretBytes)
	_, _ = rand.Read(secret) // never fails
	return secret
}

// Text is the secret as standard-webhooks libraries take it.
func (s WebhookSecret) Text() string { return "whsec_" + base64.StdEncoding.EncodeToString(s) }

// DeliveryState says how far a delivery has come.
type DeliveryState string

// The states of a delivery.
const (
	DeliveryPending   DeliveryState = "pending" // to be tried, at once or again
	DeliveryDelivered DeliveryState = "delivered"
	DeliveryFailed    DeliveryState = "failed" // given up; may be replayed
)

// Delivery is one event on its way to one endpoint, which it has once.
type Delivery struct {
	EndpointID uuid.UUID
	EventID    uuid.UUID // id of the audit row from which the event is made
	Event      string
	State      DeliveryState
	Attempts   int       // in all
	Tries      int       // since it was made or replayed last
	NextAt     time.Time // when it is tried next, while pending
	CreatedAt  time.Time
	UpdatedAt  time.Time
}

// DeliveryAttempt is what became of one request.
type DeliveryAttempt struct {
	No       int // 1, 2, 3 …
	At       time.Time
	Duration time.Duration
	Status   int    // 0: no answer
	Error    string // why there is none, in words for the tenant
	Response string // the beginning of the answer
}

// DeliveryOutcome is what an attempt leads to.
type DeliveryOutcome struct {
	Attempt DeliveryAttempt
	State   DeliveryState
	RetryAt time.Time // while pending
	// What becomes of the endpoint: zero and "" leave it as it is.
	FailingSince time.Time
	Recovered    bool        // it answers again
	Disable      string      // the reason for which it is stopped
	Tell         []uuid.UUID // users who get a mail if this stops it
}

// DeliveryFilter narrows a list of deliveries; the zero value does not.
type DeliveryFilter struct{ State DeliveryState }

// Dispatch is a delivery with all that its next attempt needs.
type Dispatch struct {
	Delivery Delivery
	Endpoint WebhookEndpoint
	Row      AuditRow
}

// DeliveryPayload is the payload of a WebhookDelivery job. Attempts is the
// delivery's when the job was made: one that comes late does nothing.
type DeliveryPayload struct {
	EndpointID uuid.UUID `json:"endpoint_id"`
	EventID    uuid.UUID `json:"event_id"`
	Attempts   int       `json:"attempts"`
}
