package citus

import (
	"bytes"
	"slices"

	"github.com/google/uuid"

	"github.com/coditect/platform/cell"
)

// arrivalColumns turns arrivals into arrays, one a column, for unnest. Ids are
// plain arrays of bytes: pgx encodes those directly, a uuid.UUID through text.
type arrivalColumns struct {
	tenant, user, key, audit [][16]byte
	slug, organization, plan []string
	name, email              []string
	epoch                    []int64
	hash, keyHash            [][]byte
}

func columnsOf(arrivals []cell.Arrival) arrivalColumns {
	var c arrivalColumns
	for _, a := range arrivals {
		c.tenant = append(c.tenant, a.TenantID)
		c.user = append(c.user, uuid.Must(uuid.NewV7()))
		c.key = append(c.key, uuid.Must(uuid.NewV7()))
		c.audit = append(c.audit, uuid.Must(uuid.NewV7()))
		c.slug = append(c.slug, string(a.Slug))
		c.organization = append(c.organization, a.Organization)
		c.plan = append(c.plan, a.Plan)
		c.name = append(c.name, a.OwnerName)
		c.email = append(c.email, a.OwnerEmail)
		c.epoch = append(c.epoch, int64(a.Epoch))
		c.hash = append(c.hash, a.ContentHash())
		c.keyHash = append(c.keyHash, a.OwnerKeyHash)
	}
	return c
}

func sortedByID(arrivals []cell.Arrival) []cell.Arrival {
	return slices.SortedFunc(slices.Values(arrivals), func(a, b cell.Arrival) int { return bytes.Compare(a.TenantID[:], b.TenantID[:]) })
}
