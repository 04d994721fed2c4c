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
	started uint64
}

func readStat(pid int) (procStat, error) {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return procStat{}, err
	}
	return parseStat(raw)
}

// parseStat reads fields 3 (state) and 22 (start time). Field 2, the program's
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
	return procStat{state: fields[0][0], started: started}, nil
}
