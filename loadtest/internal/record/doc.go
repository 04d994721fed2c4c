// Package record keeps what a run brought: HDR histograms a phase and a step, a
// short one for every interval, and one for each of the tenants preferred most.
//
// Every answered or failed request counts in two histograms. Response is from the
// time at which it should have begun: what a user would have waited. Service is from
// the time at which it was sent, which is what a generator that waits for answers
// reports, and hides every stall behind the one request that met it. Lag is the
// generator's own part: from the time at which the request should have begun, or a
// connection was free if that was later, until it was sent.
//
// All histograms have one form, so what several processes recorded is added bucket by
// bucket: the sum is exactly what one process would have recorded.
package record
