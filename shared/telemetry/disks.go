package telemetry

import (
	"fmt"
	"syscall"

	"github.com/prometheus/client_golang/prometheus"
)

// DisksUsage is the help of the flag --watch-disk.
const DisksUsage = "directory whose file system's size and free space are among the metrics, such as a database's on the same machine; repeat it for several"

// WatchDisks shows the space of the file systems that hold the directories. One
// that is not there is an error now, and shows nothing later.
func (a *Admin) WatchDisks(directories []string) error {
	if len(directories) == 0 {
		return nil
	}
	for _, directory := range directories {
		if _, err := spaceOf(directory); err != nil {
			return fmt.Errorf("--watch-disk %s: %w", directory, err)
		}
	}
	return a.Registry.Register(disks(directories))
}

// disks exports the space of directories' file systems.
type disks []string

var (
	diskSize = prometheus.NewDesc("disk_size_bytes", "Size of the file system that holds the directory.", []string{"directory"}, nil)
	diskFree = prometheus.NewDesc("disk_free_bytes", "What of it those may still use who are not root.", []string{"directory"}, nil)
)

// Describe implements [prometheus.Collector].
func (disks) Describe(out chan<- *prometheus.Desc) {
	out <- diskSize
	out <- diskFree
}

// Collect implements [prometheus.Collector].
func (d disks) Collect(out chan<- prometheus.Metric) {
	for _, directory := range d {
		found, err := spaceOf(directory)
		if err != nil {
			continue // it was there at the start: an alert on absence says so
		}
		out <- prometheus.MustNewConstMetric(diskSize, prometheus.GaugeValue, found.size, directory)
		out <- prometheus.MustNewConstMetric(diskFree, prometheus.GaugeValue, found.free, directory)
	}
}

type space struct{ size, free float64 }

// spaceOf leaves out what only root may use: for everybody else it is full
// without that.
func spaceOf(directory string) (space, error) {
	var stat syscall.Statfs_t
	if err := syscall.Statfs(directory, &stat); err != nil {
		return space{}, err
	}
	block := float64(stat.Bsize)
	return space{size: float64(stat.Blocks-stat.Bfree+stat.Bavail) * block, free: float64(stat.Bavail) * block}, nil
}
