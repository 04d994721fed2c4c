// Package controlplane holds the nouns of the control plane and their pure
// rules: which states a tenant or a cell may change to, who may do what, what
// is left of a cell. It knows no database, no network and no clock.
package controlplane
