// Package identity says who calls: API keys of operators and services, their
// roles, their end.
//
// A secret is shown once, when it is made, and stored as a hash. A key that was
// checked is trusted for a few seconds without asking the database again, so a
// revocation takes effect at once here and within that time in other replicas.
package identity
