// Package pg is what every component that keeps state in Postgres does the same
// way: open a pool, run one transaction, bring the schema up to date.
package pg
