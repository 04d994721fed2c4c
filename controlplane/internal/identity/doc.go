// Package identity says who calls: API keys of operators and services, their
// roles, their end.
//
// A secret is shown once, when it is made, and stored as a hash. A key that was
// checked is trusted for a few seconds without asking the database again, so a
// revocation takes effect at once here and within that time in other replicas.
//
// Which tenants somebody can sign in to is known by an index of hashes of e-mail
// addresses, which follows the cells ([Emails]): the cell computes the hashes,
// under a key that it is told for that moment, and keeps the addresses.
package identity
