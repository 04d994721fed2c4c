package cellapi

import (
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"strconv"
	"time"

	"github.com/coditect/platform/shared/tenancy"
)

// Checkpoint is a cell's signature under a tenant's audit log up to a place.
// Each names the one before, so that none can be left out. The control plane
// keeps the newest one of each tenant: what a cell's database forgets it cannot
// make others forget.
type Checkpoint struct {
	Tenant    tenancy.ID
	No        int64 // 1, 2, 3 …
	Seq       int64 // the log up to this place
	Hash      [sha256.Size]byte
	Previous  [sha256.Size]byte // Digest of the checkpoint before; zero for the first
	Cell      string
	SignedAt  time.Time         // to the microsecond
	PublicKey ed25519.PublicKey // of the cell that signed
	Signature []byte
}

// CheckpointKey derives the key that signs a cell's audit logs from the cell's
// control key: there is no secret more to keep, and the control plane knows the
// public half without asking.
func CheckpointKey(controlKey []byte) ed25519.PrivateKey {
	h := hmac.New(sha256.New, controlKey)
	_, _ = h.Write([]byte("audit-checkpoint-v1")) // a hash takes everything
	return ed25519.NewKeyFromSeed(h.Sum(nil))
}

// PublicHalf returns what verifies the key's signatures.
func PublicHalf(key ed25519.PrivateKey) ed25519.PublicKey {
	public, _ := key.Public().(ed25519.PublicKey) // it is one
	return public
}

// Sign signs the checkpoint.
func (c *Checkpoint) Sign(key ed25519.PrivateKey) {
	c.PublicKey = PublicHalf(key)
	c.Signature = ed25519.Sign(key, c.statement())
}

// Genuine reports whether the signature is that of PublicKey's owner. Whether
// that is the cell, somebody else must know.
func (c *Checkpoint) Genuine() bool {
	return len(c.PublicKey) == ed25519.PublicKeySize && ed25519.Verify(c.PublicKey, c.statement(), c.Signature)
}

// Digest is what the next checkpoint names.
func (c *Checkpoint) Digest() [sha256.Size]byte {
	return sha256.Sum256(append(c.statement(), c.Signature...))
}

func (c *Checkpoint) statement() []byte {
	return Canonical("audit-checkpoint-v1", c.Tenant.String(), strconv.FormatInt(c.No, 10), strconv.FormatInt(c.Seq, 10), string(c.Hash[:]),
		string(c.Previous[:]), c.Cell, strconv.FormatInt(c.SignedAt.UnixMicro(), 10), string(c.PublicKey))
}

// Canonical writes texts each behind its length, so that no two lists of them
// look the same.
func Canonical(texts ...string) []byte {
	var b []byte
	for _, text := range texts {
		b = append(binary.AppendUvarint(b, uint64(len(text))), text...)
	}
	return b
}

// checkpointJSON is a checkpoint as cells and control plane write it.
type checkpointJSON struct {
	Tenant    tenancy.ID `json:"tenant_id"`
	No        int64      `json:"no"`
	Seq       int64      `json:"seq"`
	Hash      string     `json:"hash"`
	Previous  string     `json:"previous"`
	Cell      string     `json:"cell"`
	SignedAt  time.Time  `json:"signed_at"`
	PublicKey string     `json:"public_key"`
	Signature string     `json:"signature"`
}

// MarshalJSON implements [json.Marshaler].
func (c Checkpoint) MarshalJSON() ([]byte, error) {
	return json.Marshal(checkpointJSON{
		Tenant: c.Tenant, No: c.No, Seq: c.Seq, Hash: hex.EncodeToString(c.Hash[:]), Previous: hex.EncodeToString(c.Previous[:]), Cell: c.Cell,
		SignedAt: c.SignedAt.UTC(), PublicKey: hex.EncodeToString(c.PublicKey), Signature: hex.EncodeToString(c.Signature),
	})
}

var errCheckpoint = errors.New("not a checkpoint of an audit log")

// UnmarshalJSON implements [json.Unmarshaler]. It does not judge the signature.
func (c *Checkpoint) UnmarshalJSON(text []byte) error {
	var j checkpointJSON
	if err := json.Unmarshal(text, &j); err != nil {
		return errCheckpoint
	}
	hash, hashErr := hex.DecodeString(j.Hash)
	previous, previousErr := hex.DecodeString(j.Previous)
	key, keyErr := hex.DecodeString(j.PublicKey)
	signature, signatureErr := hex.DecodeString(j.Signature)
	if errors.Join(hashErr, previousErr, keyErr, signatureErr) != nil || len(hash) != sha256.Size || len(previous) != sha256.Size || j.No < 1 || j.Seq < 1 {
		return errCheckpoint
	}
	*c = Checkpoint{
		Tenant: j.Tenant, No: j.No, Seq: j.Seq, Hash: [sha256.Size]byte(hash), Previous: [sha256.Size]byte(previous), Cell: j.Cell,
		SignedAt: j.SignedAt, PublicKey: key, Signature: signature,
	}
	return nil
}
