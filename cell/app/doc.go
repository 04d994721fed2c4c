// Package app wires the cell's processes: the API, the worker and the schema
// command. It is importable, so a test can run a whole process on port 0.
package app
