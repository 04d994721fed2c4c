// Package authn checks the JSON Web Tokens (RFC 7519) that clients send, and
// says who they are for which tenant. The router does so for the tenants' APIs,
// the control plane for its own, whose callers are operators.
//
// # What is accepted
//
// Compact JWS (RFC 7515) of at most 8 KiB, signed with RS256, ES256 or EdDSA
// (Ed25519) by a key of the issuer's JWKS (RFC 7517). The algorithm is a
// property of the key, never the token's choice; nothing inside a token leads to
// a key (jku, x5u, x5c and jwk are refused, and so is every critical extension),
// and no two spellings mean the same token: base64url is canonical, JSON is
// UTF-8 without duplicate members, names are compared exactly.
//
// The front is ours and thin because that strictness is the point: plainly used,
// go-jose 4.1 accepts 14 and golang-jwt 5.3 accepts 16 of wycheproof's invalid
// signatures. Cryptography and key validation are the standard library's. All
// vectors of wycheproof's JWS and JWK files pass.
//
// # States of a key set
//
//	no keys ──first good fetch──▶ current ──good fetch──▶ current' (keys that are gone are retired)
//	   │                             │
//	   └ Verify: unavailable         └ failed fetch: last good keys stay, of any age
//
// [Verifier.Run] alone fetches: every MaxAge, and when a token names a key that
// is not known, at most once per MinRefetch however many such tokens come.
//
// # Invariants
//
// A verified token is cached whole and compared whole. It is accepted for as long
// as its expiry, plus skew, is ahead and its key is not retired: a key that
// left the JWKS takes its cached tokens with it. Only verified tokens enter the
// cache, so nobody without a valid token can evict anything. No lock is held
// across I/O; a cached token costs no allocation.
//
// # Authority
//
// The issuer decides who somebody is and which tenants a token grants; the
// directory decides which tenants exist, the cell what a role may do there, and
// the control plane what an operator's may.
package authn
