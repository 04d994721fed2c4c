package authn

import (
	"hash/maphash"
	"slices"
)

// Open checks a token's signature with a JWKS, and nothing of its claims.
func Open(jwks []byte, token string) ([]byte, error) {
	set, _, err := parseKeySet(jwks)
	if err != nil {
		return nil, err
	}
	c, err := parseCompact(token)
	if err != nil {
		return nil, err
	}
	key, err := set.find(c.header)
	if err != nil {
		return nil, err
	}
	return c.open(key)
}

// VerifiesWith checks a bare signature with one JWK.
func VerifiesWith(jwk []byte, message string, signature []byte) (bool, error) {
	o, err := parseObject(jwk)
	if err != nil {
		return false, err
	}
	key, err := parseKey(o)
	if err != nil {
		return false, err
	}
	return key.verifies(message, signature), nil
}

// Parsed is a token taken apart.
type Parsed struct {
	Algorithm, KeyID, Signed, Payload string
	Signature                         []byte
}

// Parse takes a token apart.
func Parse(token string) (Parsed, error) {
	c, err := parseCompact(token)
	if err != nil {
		return Parsed{}, err
	}
	return Parsed{string(c.header.algorithm), c.header.keyID, c.signed, c.payload, c.signature}, nil
}

// KeyIDs lists the usable keys of a JWKS, sorted; "" stands for a key without a name.
func KeyIDs(jwks []byte) (ids []string, problems []string, err error) {
	set, problems, err := parseKeySet(jwks)
	if err != nil {
		return nil, nil, err
	}
	for id := range set.named {
		ids = append(ids, id)
	}
	for range set.unnamed {
		ids = append(ids, "")
	}
	slices.Sort(ids)
	return ids, problems, nil
}

// ParseObject reads a JSON object strictly.
func ParseObject(raw []byte) (map[string]any, error) { return parseObject(raw) }

// ParseClaims reads a payload.
func ParseClaims(payload []byte) (*Identity, error) {
	c, err := parseClaims(payload)
	if err != nil {
		return nil, err
	}
	return c.identity()
}

// Cached counts the cached tokens, their bytes and the cache's hits.
func (v *Verifier) Cached() (tokens, bytes int, hits uint64) {
	st := v.cache.stats()
	return st.tokens, st.bytes, st.hits
}

// Collide makes the cache believe that another text has the hash of a cached token.
func (v *Verifier) Collide(cached, other string) {
	e := v.cache.get(cached)
	hash := maphash.String(v.cache.seed, other)
	s := &v.cache.shards[hash%shardCount]
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lru.Add(hash, e)
}

// CacheAgain caches a cached token once more, as two requests with a new token do.
func (v *Verifier) CacheAgain(token string) {
	e := v.cache.get(token)
	v.cache.put(token, e.identity, e.key, e.until, v.opts.Now())
}

// Bounds that tests go to.
const (
	MaxToken   = maxToken
	MaxWait    = maxWait
	MaxWaiting = maxWaiting
	MinBytes   = minCacheBytes
)
