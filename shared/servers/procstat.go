package servers

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
)

// procStat is what matters here of /proc/<pid>/stat.
type procStat struct {
	state   byte
	parent  int
	started uint64
}

func readStat(pid int) (procStat, error) {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return procStat{}, err
	}
	return parseStat(raw)
}

// parseStat reads fields 3 (state), 4 (parent) and 22 (start time). Field 2, the program's
// name, may hold spaces and parentheses, so counting starts behind its last one.
func parseStat(raw []byte) (procStat, error) {
	const startedAfterName = 22 - 3
	end := bytes.LastIndexByte(raw, ')')
	if end < 0 {
		return procStat{}, fmt.Errorf("process status %q: no program name", raw)
	}
	fields := bytes.Fields(raw[end+1:])
	if len(fields) <= startedAfterName {
		return procStat{}, fmt.Errorf("process status %q: too few fields", raw)
	}
	started, err := strconv.ParseUint(string(fields[startedAfterName]), 10, 64)
	if err != nil {
		return procStat{}, fmt.Errorf("process status: start time: %w", err)
	}
	parent, err := strconv.Atoi(string(fields[1]))
	if err != nil {
		return procStat{}, fmt.Errorf("process status: parent: %w", err)
	}
	return procStat{state: fields[0][0], parent: parent, started: started}, nil
}

// descendants lists the processes that descend from one, parents first. One
// that starts meanwhile may be missed.
func descendants(ancestor int) []Identity {
	children := make(map[int][]Identity)
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil
	}
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil {
			continue // not a process
		}
		if stat, err := readStat(pid); err == nil {
			children[stat.parent] = append(children[stat.parent], Identity{PID: pid, Started: stat.started})
		}
	}
	var found []Identity
	for next := []int{ancestor}; len(next) > 0; next = next[1:] {
		for _, child := range children[next[0]] {
			found = append(found, child)
			next = append(next, child.PID)
		}
	}
	return found
}
