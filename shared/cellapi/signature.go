package cellapi

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"strconv"
	"sync"
	"time"
)

// MaxSkew bounds the distance between a signature's time and the verifier's
// clock, in either direction.
const MaxSkew = 60 * time.Second

// Errors of [Signer.Verify].
var (
	ErrSignature = errors.New("request signature does not match")
	ErrSkew      = errors.New("request signature is too old or from the future")
)

const signaturePrefix = "v1="

// SignatureLength is the length of a signature header's value, in bytes.
const SignatureLength = len(signaturePrefix) + 2*sha256.Size

// Claims is what a signature covers. Byte slices are only read.
type Claims struct {
	Method    []byte
	Target    []byte // request-target in origin form: path and query, as sent
	TenantID  []byte // canonical text, empty at the internal door
	Epoch     uint64
	RequestID []byte
	Principal []byte
	Timestamp int64 // Unix seconds
}

// Signer makes and checks request signatures with one key: HMAC-SHA-256 (RFC
// 2104) over the claims, one a line. It is safe for concurrent use; signing
// allocates nothing once warm.
type Signer struct{ states sync.Pool }

type signState struct {
	mac  hash.Hash
	text []byte
	sum  [sha256.Size]byte
}

// NewSigner returns a signer with the given key, which should have 32 bytes.
func NewSigner(key []byte) *Signer {
	key = append([]byte(nil), key...)
	return &Signer{states: sync.Pool{New: func() any {
		return &signState{mac: hmac.New(sha256.New, key), text: make([]byte, 0, 512)}
	}}}
}

// DeriveKey returns the 32-byte key of one cell (HMAC-SHA-256 of its name under
// the master key).
func DeriveKey(master []byte, cell string) []byte {
	mac := hmac.New(sha256.New, master)
	mac.Write([]byte("cell:" + cell))
	return mac.Sum(nil)
}

// Append appends the signature header's value for c to dst.
func (s *Signer) Append(dst []byte, c *Claims) []byte {
	st := s.states.Get().(*signState)
	dst = append(dst, signaturePrefix...)
	dst = hex.AppendEncode(dst, st.sign(c))
	s.states.Put(st)
	return dst
}

// Verify checks a signature header's value against c as of now, in constant time.
func (s *Signer) Verify(signature string, c *Claims, now time.Time) error {
	var given [sha256.Size]byte
	if len(signature) != SignatureLength || signature[:len(signaturePrefix)] != signaturePrefix {
		return ErrSignature
	}
	if _, err := hex.Decode(given[:], []byte(signature[len(signaturePrefix):])); err != nil {
		return ErrSignature
	}
	st := s.states.Get().(*signState)
	ok := hmac.Equal(st.sign(c), given[:])
	s.states.Put(st)
	if !ok {
		return ErrSignature
	}
	if skew := now.Sub(time.Unix(c.Timestamp, 0)); skew > MaxSkew || skew < -MaxSkew {
		return ErrSkew
	}
	return nil
}

func (st *signState) sign(c *Claims) []byte {
	b := append(st.text[:0], "edge-v1\n"...)
	b = append(append(b, c.Method...), '\n')
	b = append(append(b, c.Target...), '\n')
	b = append(append(b, c.TenantID...), '\n')
	b = append(strconv.AppendUint(b, c.Epoch, 10), '\n')
	b = append(append(b, c.RequestID...), '\n')
	b = append(append(b, c.Principal...), '\n')
	b = append(strconv.AppendInt(b, c.Timestamp, 10), '\n')
	st.text = b
	st.mac.Reset()
	st.mac.Write(b)
	return st.mac.Sum(st.sum[:0])
}
