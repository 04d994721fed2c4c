// Package custody keeps the newest signed checkpoint of every tenant's audit
// log, out of reach of whoever owns a cell's database: that person can cut a log
// off together with its checkpoints, but not make the control plane forget.
//
// The [Collector] asks each cell for what it signed since it was last asked, a
// page at a time and a bounded number of pages a turn; how far it came is stored
// with what it found, in one transaction, so any replica goes on at any time, and
// doing a page twice changes nothing. Only the cell in which the directory has
// the tenant is believed, and only what carries a cell's signature. A newer one
// takes the place of the one before, unless it does not follow from it: then the
// one before stays, as evidence, and the tenant is suspect from then on.
//
// [Audits] has the tenant's cell verify the log against the kept checkpoint.
package custody
