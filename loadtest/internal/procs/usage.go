package procs

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// Usage is what processes have used since they began.
type Usage struct {
	CPU  time.Duration // of all threads
	Wait time.Duration // that threads were ready to run and did not
}

// Sub is the usage since an earlier one. What ended in between is not in it.
func (u Usage) Sub(earlier Usage) Usage {
	return Usage{CPU: max(0, u.CPU-earlier.CPU), Wait: max(0, u.Wait-earlier.Wait)}
}

// UsageOf sums up a process and all that descend from it, thread by thread
// (/proc/…/schedstat: nanoseconds running, nanoseconds waiting to run).
func UsageOf(root int, children map[int][]int) (sum Usage) {
	for _, pid := range Tree(root, children) {
		threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", pid))
		if err != nil {
			continue // the pattern is right: there is none
		}
		for _, path := range threads {
			text, err := os.ReadFile(path)
			if err != nil {
				continue // it has ended meanwhile
			}
			fields := strings.Fields(string(text))
			if len(fields) < 2 {
				continue
			}
			running, _ := strconv.ParseInt(fields[0], 10, 64) // a number, says the kernel
			waiting, _ := strconv.ParseInt(fields[1], 10, 64)
			sum.CPU += time.Duration(running)
			sum.Wait += time.Duration(waiting)
		}
	}
	return sum
}

// Busy is how long all processors together have been at work, and how long they
// have been there, in the kernel's ticks.
func Busy() (busy, all float64) {
	text, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0, 0
	}
	line, _, _ := strings.Cut(string(text), "\n")
	for i, field := range strings.Fields(strings.TrimPrefix(line, "cpu")) {
		const guest = 8 // guests' time is in user's already
		if i >= guest {
			break
		}
		ticks, _ := strconv.ParseFloat(field, 64) // a number, says the kernel
		all += ticks
		if i != 3 && i != 4 { // idle, and idle while a disk works
			busy += ticks
		}
	}
	return busy, all
}
