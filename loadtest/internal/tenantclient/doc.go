// Package tenantclient is a tenant's users under test: they write and read
// through a router all the time, and remember what they were told.
//
// Two kinds of data carry the evidence. Registers are projects whose
// description is overwritten and read by many at once; their history must be
// linearizable (porcupine), each by itself. The list is the set of projects
// that were created under an Idempotency-Key, repeated until acknowledged:
// each acknowledged one must be there once, at the end.
//
// A request whose outcome is not known (no answer, a 5xx that may have come
// after the write) may take effect at any later time; the checks allow for it.
package tenantclient
