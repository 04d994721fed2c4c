// Package totp makes and checks time-based one-time passwords (RFC 6238), as
// authenticators on phones do: HMAC-SHA-1, six digits, thirty seconds. Cells
// check those of tenants' users with it, the control plane those of operators.
package totp
