// Package cli is the command line of loadtest.
//
//	run          send a scenario's load, judge it, write the report
//	compare      say what differs between two runs, and whether it is more than chance
//	report       make the page of a report anew
//	seed         make tenants, and write down their keys
//	capacity     find what a cell can carry
//	connections  hold many connections open
package cli
