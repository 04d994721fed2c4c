package tenantcache

import (
	"slices"

	"github.com/coditect/platform/shared/directory"
	"github.com/coditect/platform/shared/tenancy"
)

// Entry is what is known under a key. It is a value: what it refers to is
// immutable and may be kept.
type Entry struct {
	directory.Assignment
	// Missing says that at Version no tenant had the key.
	Missing bool

	ask bool // served, but so old that the directory should be asked behind it
}

// routable reports whether a tenant's slug and domains lead to it: a
// tombstone's do not.
func routable(s directory.State) bool { return s != directory.Deleted }

// leadsTo reports whether k leads to a by a's own account.
func leadsTo(k directory.Key, a *directory.Assignment) bool {
	switch k.Kind {
	case directory.ByID:
		return true
	case directory.BySlug:
		return routable(a.State) && string(a.Slug) == k.Value
	default:
		return routable(a.State) && slices.Contains(a.Domains, tenancy.Domain(k.Value))
	}
}

func slugKey(s tenancy.Slug) directory.Key {
	return directory.Key{Kind: directory.BySlug, Value: string(s)}
}

func domainKey(d tenancy.Domain) directory.Key {
	return directory.Key{Kind: directory.ByDomain, Value: string(d)}
}
