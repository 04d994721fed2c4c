package local_test

import (
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/coditect/platform/deploy/local"
)

func TestTakenPortIsRefusedBeforeAnythingStarts(t *testing.T) {
	t.Parallel()
	ports, err := local.FreePorts()
	if err != nil {
		t.Fatal(err)
	}
	other, err := net.ListenTCP("tcp4", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: ports["nats"]})
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	p := newPlatform(t, local.Options{Ports: ports})
	err = p.Up(t.Context())
	if err == nil {
		t.Fatal("it was not refused")
	}
	for _, part := range []string{
		"port " + strconv.Itoa(ports["nats"]), "which nats needs", "process " + strconv.Itoa(os.Getpid()), "nothing was started", "PORT_OFFSET",
	} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q misses %q", err, part)
		}
	}
	if len(p.State().Parts) > 0 {
		t.Errorf("started: %v", p.State().Parts)
	}
}

func TestOnlyOneCommandAtATime(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	lock, err := os.OpenFile(filepath.Join(dir, "platform.lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Close()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	if _, err := lock.WriteString("4711\n"); err != nil {
		t.Fatal(err)
	}
	err = newPlatform(t, local.Options{Dir: dir}).Up(t.Context())
	if err == nil || !strings.Contains(err.Error(), "another command (process 4711)") {
		t.Errorf("got %v", err)
	}
}

func TestUnusableDirectorySaysWhatToDo(t *testing.T) {
	t.Parallel()
	// Root may write anywhere but here.
	err := newPlatform(t, local.Options{Dir: "/proc/1/platform"}).Up(t.Context())
	if err == nil || !strings.Contains(err.Error(), "/proc/1/platform") {
		t.Errorf("got %v", err)
	}
	if os.Getuid() == 0 {
		return
	}
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o500); err != nil {
		t.Fatal(err)
	}
	err = newPlatform(t, local.Options{Dir: dir}).Up(t.Context())
	if err == nil || !strings.Contains(err.Error(), "sudo chown") {
		t.Errorf("got %v", err)
	}
}
