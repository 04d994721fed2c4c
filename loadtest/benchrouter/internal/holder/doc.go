// Package holder keeps more connections open than one process may: it splits
// them over helper processes, each with a source address of its own, which it
// tells by their standard input when to ask.
package holder
