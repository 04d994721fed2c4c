package cell

import "github.com/google/uuid"

// WelcomePayload is the payload of a WelcomeEmail job.
type WelcomePayload struct {
	UserID uuid.UUID `json:"user_id"`
}

// Welcome is what a welcome e-mail says to whom.
type Welcome struct {
	MessageID    string // the same at every attempt
	Name, Email  string
	Organization string
	URL          string // the tenant's base URL
}
