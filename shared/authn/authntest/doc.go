// Package authntest is an issuer of tokens for tests and benchmarks: it mints
// them with every accepted algorithm and publishes its keys over HTTP. It knows
// nothing of the verifier, so that both can only agree through the standards.
package authntest
