// Package changestream speaks Postgres' replication protocol: it makes slots
// with their snapshots, reads what a slot carries, and understands it.
//
// The source of a migration passes on the messages of the plugin pgoutput,
// protocol version 1, as they are; the target decodes them ([Decoder]). Values
// travel as text, in one form whatever the server's settings.
package changestream
