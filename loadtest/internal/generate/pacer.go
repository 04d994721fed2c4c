package generate

import (
	"encoding/binary"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// alarm sleeps precisely: a timerfd in Go's poller.
type alarm struct {
	fd int
	f  *os.File
}

func newAlarm() (*alarm, error) {
	fd, err := unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_NONBLOCK|unix.TFD_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("timer: %w", err)
	}
	return &alarm{fd: fd, f: os.NewFile(uintptr(fd), "timer")}, nil
}

// sleep returns after d, or with an error after close.
func (a *alarm) sleep(d time.Duration) error {
	setting := unix.ItimerSpec{Value: unix.NsecToTimespec(max(1, d.Nanoseconds()))}
	if err := unix.TimerfdSettime(a.fd, 0, &setting, nil); err != nil {
		return fmt.Errorf("timer: %w", err)
	}
	var expirations [8]byte
	if _, err := a.f.Read(expirations[:]); err != nil {
		return err
	}
	if binary.NativeEndian.Uint64(expirations[:]) == 0 {
		return fmt.Errorf("timer: woke without a reason")
	}
	return nil
}

// close wakes a sleeper.
func (a *alarm) close() { _ = a.f.Close() }
