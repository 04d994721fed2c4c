// Package identity says who calls, and what tokens say of their holders.
//
// # API keys
//
// A secret is shown once, when it is made, and stored as a hash. A key that was
// checked is trusted for a few seconds without asking the database again, so a
// revocation takes effect at once here and within that time in other replicas.
//
// Which tenants somebody can sign in to is known by an index of hashes of e-mail
// addresses, which follows the cells ([Emails]): the cell computes the hashes,
// under a key that it is told for that moment, and keeps the addresses.
//
// # Operators
//
// People who operate the platform have an account with a password that we make
// (argon2id) and an authenticator (TOTP); they sign in at the authorization
// server like everybody else and call with its access tokens. What an account may
// do is read again every few seconds, not taken from the token.
//
// # Tokens
//
// [Tokens] answers, each time the authorization server makes or refreshes an
// access token, what it shall carry: the user's tenant and roles as the tenant's
// cell has them now, or that there must be none. A role that changes, a user who
// is deactivated and a session that is revoked therefore take effect within the
// ten minutes that a token lives.
package identity
