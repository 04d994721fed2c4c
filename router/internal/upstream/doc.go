// Package upstream keeps the router's connections to cells.
//
// A [Cell] has one or more addresses: those its endpoint's host name resolves
// to, asked again every ResolveInterval. Each address has its own keep-alive
// pool and its own health:
//
//	healthy ── EjectAfter failures in a row, or probes that fail ──▶ ejected
//	   ▲                                                            │
//	   └────────────── a probe is answered ◀────────────────────────┘
//
// A failure is a connection refused, reset or timed out. What a cell answers,
// 5xx too, is never one: the cell knows better than the router what is wrong
// with a request. While an address is ejected its peers take its requests; if
// all are, [Cell.Get] fails at once with [ErrEjected], so that a dead cell costs
// its tenants an error and nobody else a wait.
//
// # Retries
//
// Retries are paid from a budget: each request earns a tenth of one, up to
// BudgetBurst, so that retries never add more than 10 % to the load of a cell
// that is already in trouble. The caller decides whether a retry is safe.
package upstream
