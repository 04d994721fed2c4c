// Package fault is the platform's one error vocabulary.
//
// A fault has a code that programs act on, a message that people may read, and
// a cause that only logs see. It becomes an RFC 9457 problem document at the
// edge of a process ([WriteProblem]) and a fault again in the client
// ([ReadProblem]); whatever is not a fault is "internal" and tells nothing.
package fault
