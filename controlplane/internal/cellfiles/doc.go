// Package cellfiles writes the directory from which Terraform makes a new cell. It
// works on files alone and knows no server: the control plane hears of a cell when
// the cell itself registers.
//
// What differs between two cells stands in cell.yaml; the other files are copied
// from a cell that is there, byte for byte, which `make test-terraform` insists on.
// The cell's Kubernetes overlay (deploy/kubernetes/cells/CELL) follows from the same
// cell.yaml and fleet.yaml by the templates in overlay/; a test compares what stands
// in the repository with what they make.
package cellfiles
