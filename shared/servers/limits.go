package servers

import (
	"sync"
	"syscall"
)

// raiseFileLimit lets servers open as many files as this user may. A Go program
// does that for itself only: without asking, children get the limit that the
// program was started with, often 1,024, and a pooler holds 10,000 connections.
var raiseFileLimit = sync.OnceFunc(func() {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return // servers then do with what they get, and log it
	}
	limit.Cur = limit.Max
	_ = syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit)
})
