// Package export writes a whole tenant into one stream, and puts such a stream
// back into a cell. docs/export-format.md describes the format.
//
// A stream is JSON lines: a header, a section for each of the tenant's tables,
// a trailer. Rows come out of one snapshot, in an order in which they can be put
// back, and each section ends with the number and the SHA-256 of its rows. The
// trailer has the SHA-256 of everything before it and, if the stream has the
// tenant's secrets, a signature of the cell that wrote it.
//
// Neither side holds more than a batch of rows in memory.
//
// # Invariant of an import
//
// Nobody sees a row before the last byte was checked:
//
//	header trusted ──▶ importing, gate closed ──▶ rows, a batch a transaction ──▶ trailer and signature hold
//	    │                       │                          │                          │
//	  refused                   └────── anything fails: every row removed, absent ────┤
//	                                                                                  ▼
//	                                           stored rows digested again, equal ──▶ live
//
// A process that dies on the way leaves a tenant importing, which serves
// nobody; the same import, begun again, takes its place.
package export
