package contender

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// CPU is the processor time that the program has used so far, its children
// included.
func (c *Contender) CPU() (time.Duration, error) { return CPU(c.PID()) }

// CPU is the processor time that a process and its children have used so far, all
// threads, by their own clocks: /proc counts in steps of 10 ms.
func CPU(pid int) (time.Duration, error) {
	pids, err := family(pid)
	if err != nil {
		return 0, err
	}
	var sum time.Duration
	for _, pid := range pids {
		var used unix.Timespec
		if err := unix.ClockGettime(clockOf(pid), &used); err != nil {
			return 0, fmt.Errorf("processor time of process %d: %w", pid, err)
		}
		sum += time.Duration(used.Nano())
	}
	return sum, nil
}

// clockOf is the clock of a process's processor time (clock_getcpuclockid(3)).
func clockOf(pid int) int32 {
	const scheduled = 2
	return int32(^pid)<<3 | scheduled
}

// Memory is what the program holds of main memory now, and the most it ever
// held, in bytes (proc(5), VmRSS and VmHWM). It is meant for programs without children.
func (c *Contender) Memory() (resident, peak int64, err error) {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", c.PID()))
	if err != nil {
		return 0, 0, err
	}
	for line := range strings.Lines(string(raw)) {
		name, value, _ := strings.Cut(line, ":")
		kilobytes, _ := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 10, 64) // lines of other forms are not used
		switch name {
		case "VmRSS":
			resident = kilobytes << 10
		case "VmHWM":
			peak = kilobytes << 10
		}
	}
	if resident == 0 {
		return 0, 0, fmt.Errorf("memory of %s: the process is gone", c.Name)
	}
	return resident, peak, nil
}

// family lists a process and its children.
func family(pid int) ([]int, error) {
	pids := []int{pid}
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("process %d is gone", pid)
	}
	if err != nil {
		return nil, err
	}
	for _, field := range strings.Fields(string(raw)) {
		child, err := strconv.Atoi(field)
		if err != nil {
			return nil, fmt.Errorf("children of %d: %w", pid, err)
		}
		pids = append(pids, child)
	}
	return pids, nil
}
