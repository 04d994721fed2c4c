// Package webhooks tells tenants' own servers what happens, by the
// standard-webhooks scheme.
//
// # Where events come from
//
// A mutation writes its audit row and knows nothing of webhooks. When the row
// gets its place in the tenant's hash chain (package chain), the same
// transaction writes a delivery and its job for every endpoint that wants it
// ([FanOut]): each event reaches each endpoint's list exactly once, and a tenant
// without endpoints pays nothing.
//
//	mutation + audit row ──seal──▶ delivery (pending) + job ──attempt──▶ delivered
//	                                    ▲                 │
//	                                    └── failed: a new job after a pause, ten tries in about a day ──▶ failed
//
// # Promises
//
// A message arrives at least once, always under the same webhook-id, by which
// receivers recognise it; the order is not promised. An answer of 2xx is
// success; a redirect is none. An endpoint that fails for [DisableAfter], or
// answers 410, is disabled; the audit log and the endpoint itself say so and why,
// and each active owner gets a mail: its job is written by the transaction that disables
// the endpoint, once, whoever else found that out at the same time.
// Requests go through package egress only.
//
// # Authority
//
// The delivery's row. A job names the number of attempts that it was made for,
// so a job that comes twice or late sends nothing. What an attempt found is
// written in the transaction that ends its job.
//
// # Secrets
//
// An endpoint's secret signs, so the cell keeps it as it is, behind the same
// row-level security as all else, and shows it once. After a rotation messages
// carry both signatures for a day.
package webhooks
