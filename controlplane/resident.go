package controlplane

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"

	"github.com/coditect/platform/shared/tenancy"
)

// Resident is a tenant as its cell is asked to make it.
type Resident struct {
	TenantID     tenancy.ID
	Slug         tenancy.Slug
	Epoch        uint64
	Plan         string
	Organization string
	Owner        Owner
	OwnerKeyHash [sha256.Size]byte // of the owner's whole API key
}

// OwnerKey returns the first API key of a tenant's owner,
// cdt_<tenant id, 32 hex>_<43 base64url characters>. It is derived, not stored:
// from the same master, tenant and origin comes the same key, so a repeated
// request can repeat its answer. Origin is what made the tenant, for example a
// sign-up's id.
func OwnerKey(master []byte, id tenancy.ID, origin string) string {
	mac := hmac.New(sha256.New, master)
	mac.Write([]byte("owner-key\n" + id.String() + "\n" + origin))
	return "cdt_" + hex.EncodeToString(id[:]) + "_" + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// HashOwnerKey returns what the cell stores of the key.
func HashOwnerKey(key string) [sha256.Size]byte { return sha256.Sum256([]byte(key)) }
