// Package report is what is kept of a run: one JSON document with everything that
// was recorded, and the same as a single HTML page, which needs no network, in
// light and dark.
package report
