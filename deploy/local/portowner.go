package local

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// listener names the process that listens on a port, as far as this user may
// know it.
func listener(port int) string {
	inode := listeningInode(port)
	if inode == "" {
		return "a process that is not visible here"
	}
	descriptors, err := filepath.Glob("/proc/[0-9]*/fd/*")
	if err != nil {
		return "an unknown process"
	}
	for _, descriptor := range descriptors {
		if target, err := os.Readlink(descriptor); err == nil && target == "socket:["+inode+"]" {
			return describeProcess(strings.Split(descriptor, "/")[2])
		}
	}
	return "another user's process (sudo ss -lntp shows it)"
}

func describeProcess(pid string) string {
	name, err := os.ReadFile(filepath.Join("/proc", pid, "comm"))
	if err != nil {
		return "process " + pid
	}
	return fmt.Sprintf("process %s (%s)", pid, strings.TrimSpace(string(name)))
}

// listeningInode finds the socket that listens on a port: its inode, or "".
// Lines of /proc/net/tcp read: slot, local address:port, remote address:port,
// state, …, with the inode in the tenth place.
func listeningInode(port int) string {
	const listening, inodeField = "0A", 9
	for _, table := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		raw, err := os.ReadFile(table)
		if err != nil {
			continue
		}
		for line := range strings.Lines(string(raw)) {
			fields := strings.Fields(line)
			if len(fields) <= inodeField || fields[3] != listening {
				continue
			}
			_, hexPort, _ := strings.Cut(fields[1], ":")
			if got, err := strconv.ParseUint(hexPort, 16, 16); err == nil && int(got) == port {
				return fields[inodeField]
			}
		}
	}
	return ""
}
