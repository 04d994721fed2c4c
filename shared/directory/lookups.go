package directory

// MaxLookupKeys bounds the keys of one [LookupRequest].
const MaxLookupKeys = 256

// LookupRequest is the body of POST /v1/directory/lookups: many keys at once,
// so that a router with a cold cache asks a few times a second and not once a
// tenant.
type LookupRequest struct {
	Keys []Key `json:"keys"` // 1 to MaxLookupKeys; may hold the same key twice
}

// LookupAnswer answers a [LookupRequest].
//
// A key that leads nowhere is an answer, and so is one that cannot be a key at
// all (a slug with a dot, an unknown kind): nil in its place, never an error of
// the whole request. Keys of strangers share a request with those of tenants.
type LookupAnswer struct {
	Version uint64   `json:"version"` // as of which all entries are true; what is newer may be among them
	Entries []*Entry `json:"entries"` // in the order of the keys, nil: no tenant has the key
}
