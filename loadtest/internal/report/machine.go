package report

import (
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"strings"
)

// Machine is where a run was made. Load is /proc/loadavg at its end: a figure of a
// busy machine is another one's.
type Machine struct {
	Host       string `json:"host"`
	Processors int    `json:"processors"`
	Model      string `json:"model"`
	Memory     string `json:"memory"`
	Kernel     string `json:"kernel"`
	Go         string `json:"go"`
	Load       string `json:"load"`
}

func thisMachine() Machine {
	m := Machine{
		Processors: runtime.NumCPU(), Model: field("/proc/cpuinfo", "model name"), Memory: field("/proc/meminfo", "MemTotal"),
		Kernel: line("/proc/sys/kernel/osrelease"), Go: runtime.Version(), Load: line("/proc/loadavg"),
	}
	m.Host, _ = os.Hostname() // unknown is as good as none
	return m
}

func line(path string) string {
	text, _ := os.ReadFile(path) // what cannot be read is left out
	return strings.TrimSpace(string(text))
}

// field reads "name : value".
func field(path, name string) string {
	for text := range strings.Lines(line(path)) {
		if key, value, ok := strings.Cut(text, ":"); ok && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// commit is the one that this program was built from, else the one checked out
// where it runs. "+changes" means that there were changes besides.
func commit() string {
	revision, modified := "", false
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			switch s.Key {
			case "vcs.revision":
				revision = s.Value
			case "vcs.modified":
				modified = s.Value == "true"
			}
		}
	}
	if revision == "" {
		out, err := exec.Command("git", "rev-parse", "HEAD").Output() //nolint:noctx // it takes milliseconds and asks nobody
		if err != nil {
			return "unknown"
		}
		revision = strings.TrimSpace(string(out))
	}
	if modified {
		revision += "+changes"
	}
	return revision
}
