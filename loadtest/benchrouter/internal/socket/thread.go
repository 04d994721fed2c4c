package socket

import (
	"fmt"
	"runtime"

	"golang.org/x/sys/unix"
)

// OwnThread gives the calling goroutine a thread of its own for good, whose
// timers are exact and which runs on one processor only; a negative processor
// means any. The thread ends with the goroutine.
func OwnThread(processor int) error {
	runtime.LockOSThread()
	if err := unix.Prctl(unix.PR_SET_TIMERSLACK, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("timer slack: %w", err)
	}
	if processor < 0 {
		return nil
	}
	var set unix.CPUSet
	set.Set(processor)
	if err := unix.SchedSetaffinity(0, &set); err != nil {
		return fmt.Errorf("run on processor %d: %w", processor, err)
	}
	return nil
}
