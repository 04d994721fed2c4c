// Package signintest plays, in memory and for tests, what package signin talks
// to: an authorization server ([Server]), the cells of all tenants ([Cells]), and
// the directory with its index of addresses ([Directory]). Each refuses what the
// real one refuses, and can be made to fail.
package signintest
