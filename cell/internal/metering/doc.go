// Package metering counts what tenants use: calls of the API in memory, which
// are recorded in batches, and reports of what was recorded.
//
// # What is exact
//
// A batch has an id and is recorded once, also if its first attempt's outcome is
// unknown; rows are numbered by epoch and sequence, so that whoever reads them
// counts each once. Jobs, seats and storage are read from the tenant's own rows
// when a day is closed and cannot be lost.
//
// A tenant that leaves takes what was recorded with it. Calls that a process of
// this cell had not recorded when the fence closed are kept beside the tenant's
// rows ([Leavings]); the control plane brings them, by the same batch, to where
// the tenant lives now.
//
// Calls can be lost in one case, and are never counted twice: a process that is
// killed loses those of its last Interval (an orderly stop records them), to the
// tenant's favour.
package metering
