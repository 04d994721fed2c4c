// Package resources reads what a platform's parts use while it is under load: the
// processors' time of each, how long each waited for a processor, what Postgres'
// sessions waited for, and how long the oldest job has waited.
//
// It looks at the local platform's processes and asks the cell's database as its
// superuser: that is what an operator's monitoring does elsewhere.
package resources
