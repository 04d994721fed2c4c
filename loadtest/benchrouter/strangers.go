package main

import (
	"time"

	"golang.org/x/sys/unix"

	"github.com/coditect/platform/loadtest/benchrouter/internal/contender"
)

// strangers is the processor time that other programs than ours have used since
// the machine started. What ours use is this program's own, the back end's and
// the given contenders'; a constant part is of no interest.
func (b *bench) strangers(contenders []*contender.Contender) (time.Duration, error) {
	left, err := contender.Machine()
	if err != nil {
		return 0, err
	}
	var self unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &self); err != nil {
		return 0, err
	}
	left -= time.Duration(self.Utime.Nano() + self.Stime.Nano())
	backend, err := contender.CPU(b.backend)
	if err != nil {
		return 0, err
	}
	left -= backend
	for _, c := range contenders {
		cpu, err := c.CPU()
		if err != nil {
			return 0, err
		}
		left -= cpu
	}
	return left, nil
}
