package contender

import (
	"fmt"
	"os"
	"time"
)

// clockTick is the unit of CPU time in /proc (USER_HZ is 100 on Linux).
const clockTick = 10 * time.Millisecond

// Machine is the processor time that all programs together have used since the
// machine started (proc(5), first line of /proc/stat: user, nice and system).
func Machine() (time.Duration, error) {
	raw, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0, err
	}
	var user, nice, system int64
	if _, err := fmt.Sscanf(string(raw), "cpu %d %d %d", &user, &nice, &system); err != nil {
		return 0, fmt.Errorf("/proc/stat: %w", err)
	}
	return time.Duration(user+nice+system) * clockTick, nil
}
