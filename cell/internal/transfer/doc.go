// Package transfer is the cell's half of a live migration: how a tenant leaves
// (exports, at the source), arrives (imports, at the target), and how the fence
// changes meanwhile. The control plane decides when; it asks both cells by the
// internal API. The target pulls from the source with a ticket.
//
// # The fence
//
//	source   live ──Freeze(n)──▶ frozen ──Seal(n)──▶ sealed ──Depart──▶ departed
//	          ▲                    │                   │                  │ activate of a
//	          ├── Thaw(n), expiry ─┘                   │                  │ follow: way back
//	          └──────── Thaw(n) ───────────────────────┘                  ▼
//	target   (absent) ──open──▶ importing ──activate──▶ live            live
//	             ▲                  │
//	             └───── close ──────┘ rows first, fence last
//
// # An import
//
//	             copying ───▶ catching_up ───▶ ready ───▶ activated
//	mode follow ─────────────────▲   └──── stream ◀┘
//	                                       broken
//	any of the first three ──▶ failed (for good), or closing ──▶ (gone)
//	activated ──▶ activated, with all files
//
// # How it comes that nothing is lost
//
//   - Publication, then slot and exported snapshot, then the copy: the snapshot
//     holds exactly what was committed before the slot's position, and the slot
//     keeps everything after it.
//   - On Citus all of that is of one worker, the one with the tenant's shards:
//     it has one log and one order of all changes of the tenant. Positions are in
//     that log, that of a freeze too. A shard that moves leaves the log, and says
//     nothing: so whoever reads from an export, and the freeze itself, asks the
//     server that holds the rows now whether the slot is there, and whether its
//     publication has this very table. If not, the export has failed.
//   - Every batch is stored together with the position behind it. Whoever stores
//     holds a lock of the database's session, and the fence's row, so nobody else
//     stores too, and nothing is stored once the import was opened or closed.
//   - A batch holds, for each row, what becomes of it in the end. It removes the
//     rows it knows and puts them back as they are then, taking what the log left
//     out from what was there. Batches end where some state of the source ended,
//     within a transaction if that is long, so constraints hold for them.
//   - The freeze's position is read under the lock of the fence's row: every write
//     that passed the fence was committed before it, and the freeze's own commit,
//     which is in the stream since the fence is published too, after it. So the
//     drain waits for an event and not for a clock.
//   - A batch waits a moment for more transactions: to store one costs the target
//     nearly as much as to store ten. The fence's own does not wait.
//
// # Crashes
//
// All state is in the database. If the target's process dies, another takes the
// import over where it stands: at a chunk of a table, at a change within a
// transaction. If the source's process dies its snapshot is gone: tables that
// are copied follow the stream to exactly the position of another snapshot, and
// the rest is copied under that. A slot without its export's record is dropped
// ([Exporter.Sweep]), so is one that keeps more log than the cell bears: its
// export then has failed, and so has the import.
//
// # Verification
//
// Both sides digest every row's text, each with SQL of its own server, at one
// position: that of a temporary slot's snapshot at the source, up to which the
// target stores and no further until it has its own snapshot. Rows that change
// from then on are noted. A verification of what changed compares those, in the
// same way, and notes what changes from then on; repeated, it leaves little for the
// comparison while the source is frozen, which is part of the write pause. A row
// that no one has touched since it was compared is as it was then, on both sides.
//
// # Files
//
// A tenant's files in object storage have no log that tells their changes, and may
// be of any size, so no part of the write pause waits for them. All that the source
// has are fetched beside the stream before an import is ready; what it makes later
// is looked for every half minute. What it made in the last moments is fetched
// behind the activation, once the source makes no more: only then the import has
// all files (files_complete), and only then the control plane cleans the source
// up. Until then a file that is not here is read from there ([Bookcase]).
//
// A file is written whole, and only if it has the digest that the source read, so
// one that is here need not come again: that is all that a crash can cost. A
// tenant's clean-up, and the end of an import that brought one, remove its files
// first, under the fence's row.
//
// # The way back
//
// A reverse export is made at the target while it imports; activate sets where
// it begins, so what came from the source does not go back to it. Its import, at
// the source, follows into the rows that are still there, behind a fence that
// stays departed, until the window is over or the tenant returns by the same
// protocol: freeze, drain, seal, commit, depart, activate.
package transfer
