package authn

import (
	"errors"
	"fmt"
)

// maxKeys bounds the keys of a set; issuers publish two or three.
const maxKeys = 256

var errKeySet = errors.New(`not a JSON Web Key Set: no array "keys" of at most 256 objects`)

// keySet is what a JWKS (RFC 7517 §5) has that can be used. It does not change.
type keySet struct {
	named   map[string]*publicKey
	unnamed []*publicKey
}

// parseKeySet reads a JWKS. Keys that cannot be used are left out, each with a
// line in problems; names that two keys share are left out with both keys, for
// nobody can say which of them was meant.
func parseKeySet(raw []byte) (set *keySet, problems []string, err error) {
	o, err := parseObject(raw)
	if err != nil {
		return nil, nil, err
	}
	keys, ok := o["keys"].([]any)
	if !ok || len(keys) > maxKeys {
		return nil, nil, errKeySet
	}
	set = &keySet{named: map[string]*publicKey{}}
	uses := map[string]int{}
	for i, value := range keys {
		member, ok := value.(object)
		if !ok {
			return nil, nil, errKeySet
		}
		// Counted before the key is judged: a name may also be shared with an unusable key.
		if id, ok := member["kid"].(string); ok {
			uses[id]++
		}
		key, err := parseKey(member)
		if err != nil {
			problems = append(problems, fmt.Sprintf("key %d: %v", i+1, err))
			continue
		}
		set.add(key)
	}
	for id, n := range uses {
		if n > 1 {
			delete(set.named, id)
			problems = append(problems, fmt.Sprintf("key %q: %d keys have this kid", id, n))
		}
	}
	return set, problems, nil
}

func (s *keySet) add(key *publicKey) {
	if key.id == "" {
		s.unnamed = append(s.unnamed, key)
		return
	}
	s.named[key.id] = key
}

func (s *keySet) len() int { return len(s.named) + len(s.unnamed) }

// knows reports whether the set can judge a header. It cannot if the header
// names a key that only a newer set may have.
func (s *keySet) knows(h header) bool { return h.keyID == "" || s.named[h.keyID] != nil }

// find returns the key that a token's header means.
func (s *keySet) find(h header) (*publicKey, error) {
	if h.keyID == "" {
		return s.findUnnamed(h.algorithm)
	}
	key := s.named[h.keyID]
	switch {
	case key == nil:
		return nil, errUnknown
	case key.algorithm != h.algorithm:
		return nil, errWrongKey
	}
	return key, nil
}

func (s *keySet) findUnnamed(alg algorithm) (*publicKey, error) {
	var found *publicKey
	for _, key := range s.unnamed {
		if key.algorithm != alg {
			continue
		}
		if found != nil {
			return nil, errNoKeyName
		}
		found = key
	}
	if found == nil {
		return nil, errNoKeyName
	}
	return found, nil
}

// follow replaces s's keys by the same ones of an older set, so that tokens
// verified with them stay verified, and returns the older set's others.
func (s *keySet) follow(older *keySet) (gone []*publicKey) {
	for id, key := range older.named {
		if now := s.named[id]; now != nil && now.same(key) {
			s.named[id] = key
		} else {
			gone = append(gone, key)
		}
	}
	for _, key := range older.unnamed {
		if !s.adopt(key) {
			gone = append(gone, key)
		}
	}
	return gone
}

// adopt puts an unnamed key in the place of its equal.
func (s *keySet) adopt(key *publicKey) bool {
	for i, now := range s.unnamed {
		if now.same(key) {
			s.unnamed[i] = key
			return true
		}
	}
	return false
}
