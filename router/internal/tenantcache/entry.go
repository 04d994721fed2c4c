package tenantcache

import (
	"slices"
	"strconv"
	"time"

	"github.com/coditect/platform/shared/directory"
	"github.com/coditect/platform/shared/tenancy"
)

// Entry is what is known under a key. It is immutable and may be shared by
// requests in flight.
type Entry struct {
	directory.Assignment
	// Missing says that at Version no tenant had the key; until when this is
	// believed.
	Missing bool
	until   time.Time

	// Header values, made once.
	IDText    string
	EpochText string
}

func newEntry(a directory.Assignment) *Entry {
	return &Entry{Assignment: a, IDText: a.TenantID.String(), EpochText: strconv.FormatUint(a.Epoch, 10)}
}

// routable reports whether the entry's keys lead to it: a tombstone's do not.
func (e *Entry) routable() bool { return !e.Missing && e.State != directory.Deleted }

// keys are those that lead to the entry beside its id.
func (e *Entry) keys() []directory.Key {
	if !e.routable() {
		return nil
	}
	keys := make([]directory.Key, 0, 1+len(e.Domains))
	if e.Slug != "" {
		keys = append(keys, directory.Key{Kind: directory.BySlug, Value: string(e.Slug)})
	}
	for _, d := range e.Domains {
		keys = append(keys, directory.Key{Kind: directory.ByDomain, Value: string(d)})
	}
	return keys
}

// has reports whether k leads to the entry by the entry's own account.
func (e *Entry) has(k directory.Key) bool {
	switch k.Kind {
	case directory.ByID:
		return true
	case directory.BySlug:
		return e.routable() && string(e.Slug) == k.Value
	default:
		return e.routable() && slices.Contains(e.Domains, tenancy.Domain(k.Value))
	}
}
