// Package natsbus relays the directory's change log to NATS JetStream.
//
// The log in the database is the outbox: a change is in it exactly if it was
// committed. One replica relays, the one that holds an advisory lock; it
// publishes runs of the log, waits until JetStream has stored each, and then
// moves the watermark by compare-and-set.
//
//	log:  1 2 3 4 5 6 7 8 9
//	            ▲         ▲
//	        relayed    committed        the next message: {since: 4, changes: 5…9}
//
// Invariant: messages are published in version order without gaps. A crash
// between publishing and moving the watermark repeats a run, perhaps cut
// differently; readers skip versions that they have.
//
// NATS is not an authority for anything: while it is down the log grows, and
// afterwards the relay catches up.
package natsbus
