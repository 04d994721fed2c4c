package membership

import (
	"bytes"
	"os"
	"strconv"
)

// Processors measures how busy the machine's processors are. It is not safe
// for concurrent use.
type Processors struct{ busy, total uint64 }

// Busy returns the busy share, 0 to 1, since the last call; 0 at the first and
// where /proc cannot be read.
func (p *Processors) Busy() float64 {
	text, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0
	}
	busy, total, ok := parseStat(text)
	if !ok {
		return 0
	}
	share := 0.0
	if p.total > 0 && total > p.total && busy >= p.busy {
		share = min(1, float64(busy-p.busy)/float64(total-p.total))
	}
	p.busy, p.total = busy, total
	return share
}

// parseStat reads the first line of /proc/stat: "cpu" and the ticks spent in
// user, nice, system, idle, iowait, irq, softirq and steal. What follows is
// counted in user already.
func parseStat(text []byte) (busy, total uint64, ok bool) {
	const counted, idle, iowait = 8, 3, 4
	line, _, _ := bytes.Cut(text, []byte("\n"))
	fields := bytes.Fields(line)
	if len(fields) <= counted || string(fields[0]) != "cpu" {
		return 0, 0, false
	}
	for i, field := range fields[1 : counted+1] {
		ticks, err := strconv.ParseUint(string(field), 10, 64)
		if err != nil {
			return 0, 0, false
		}
		total += ticks
		if i != idle && i != iowait {
			busy += ticks
		}
	}
	return busy, total, true
}
