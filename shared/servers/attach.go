package servers

import (
	"os/exec"
	"runtime"
	"sync"
)

// The kernel sends an attached child its orphan signal when the *thread* that
// forked it ends, and Go ends threads when it likes. So all attached children
// are forked from one thread that lives as long as the program.
var attachedForks = sync.OnceValue(func() chan<- forkRequest {
	requests := make(chan forkRequest)
	go forkAttached(requests)
	return requests
})

type forkRequest struct {
	cmd    *exec.Cmd
	result chan<- error
}

// forkAttached never returns, by design: its thread is the children's parent.
func forkAttached(requests <-chan forkRequest) {
	runtime.LockOSThread()
	for r := range requests {
		r.result <- r.cmd.Start()
	}
}

func launch(cmd *exec.Cmd, lifetime Lifetime) error {
	raiseFileLimit()
	if lifetime == Detached {
		return cmd.Start()
	}
	result := make(chan error, 1)
	attachedForks() <- forkRequest{cmd: cmd, result: result}
	return <-result
}
