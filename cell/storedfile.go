package cell

import "time"

// StoredFile is a file of a tenant in the cell's object storage.
type StoredFile struct {
	Key       string    `json:"key"` // without the tenant's id
	Bytes     int64     `json:"bytes"`
	Modified  time.Time `json:"modified"`             // by the clock of the storage
	MediaType string    `json:"media_type,omitempty"` // "" in a list
}

// FileProgress is how many of the source's files are in the target of a
// migration.
type FileProgress struct {
	Files, Here      int64
	Bytes, BytesHere int64
	Complete         bool // since the tenant lives here: the source has none that is not here
}

// FileEnd is what the reader of a file says of all of it.
type FileEnd struct {
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"` // hexadecimal
}
