// Package sbom writes what a compiled Go program consists of, as an SPDX 2.3
// document. It reads that from the program itself, where the linker has written
// every module that was linked in: what is listed is in there, and nothing else.
//
// The same program and time make the same document, byte for byte.
package sbom
