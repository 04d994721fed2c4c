// Package run starts and stops long-lived parts of a process.
//
// [Stack] is the process's shutdown order: what was started last is stopped
// first, all under one deadline. [Loop] is the shape of every background job:
// a runOnce that a test can call, run again when its interval passes or
// somebody wakes it.
package run
