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
	CPU  time.Duration // of all threads, and of processes that have ended
	Wait time.Duration // that threads were ready to run and did not
}

// Sub is the usage since an earlier one.
func (u Usage) Sub(earlier Usage) Usage {
	return Usage{CPU: max(0, u.CPU-earlier.CPU), Wait: max(0, u.Wait-earlier.Wait)}
}

// UsageOf sums up a process and all that descend from it, thread by thread
// (/proc/…/schedstat: nanoseconds running, nanoseconds waiting to run). What has
// ended and was waited for, as Postgres' sessions are, is in its parent's account.
func UsageOf(root int, children map[int][]int) (sum Usage) {
	for _, pid := range Tree(root, children) {
		sum.CPU += ended(pid)
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

// clockTick is the unit of processor time in /proc (USER_HZ is 100 on Linux).
const clockTick = 10 * time.Millisecond

// ended is the processor time of a process' children that have ended (proc(5),
// /proc/PID/stat, fields cutime and cstime).
func ended(pid int) (sum time.Duration) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0 // it has ended meanwhile
	}
	const cutime, cstime = 13, 14 // behind the name, which may hold spaces
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	for _, i := range []int{cutime, cstime} {
		if i < len(fields) {
			ticks, _ := strconv.ParseInt(fields[i], 10, 64) // a number, says the kernel
			sum += time.Duration(ticks) * clockTick
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
