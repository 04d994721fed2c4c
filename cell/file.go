package cell

import "time"

// FileLife is how long the file that a job made is kept, if the tenant's plan
// does not say otherwise.
const FileLife = 7 * 24 * time.Hour

// LinkLife is how long a link to such a file works.
const LinkLife = 15 * time.Minute

// File is what a job made and left in object storage: Job.Result of its kind.
type File struct {
	Key       string    `json:"key"` // in object storage; begins with the tenant's id
	Name      string    `json:"name"`
	MediaType string    `json:"media_type"`
	Size      int64     `json:"size"`   // bytes
	SHA256    string    `json:"sha256"` // hexadecimal
	Secret    []byte    `json:"secret"` // signs links to it; of the row, so that links survive a migration
	KeptUntil time.Time `json:"kept_until"`
}

// FileLink is a file with a link to it.
type FileLink struct {
	File
	Token   string // names job and expiry, and is signed
	Expires time.Time
}
