// Package cellfiles writes the directory from which Terraform makes a new cell. It
// works on files alone and knows no server: the control plane hears of a cell when
// the cell itself registers.
//
// What differs between two cells stands in cell.yaml; the other files are copied
// from a cell that is there, byte for byte, which `make test-terraform` insists on.
package cellfiles
