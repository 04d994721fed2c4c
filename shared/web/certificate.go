package web

import (
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"strings"
	"sync"
	"time"
)

// lookAgain is how often a certificate's files are looked at, at most: whoever
// renews it leaves days.
const lookAgain = 10 * time.Second

// Certificate is what a server shows: a pair of PEM files, which are read again
// when they change. A new pair that cannot be read leaves the last one in use,
// and is logged once.
type Certificate struct {
	certFile, keyFile string
	log               *slog.Logger

	mu     sync.Mutex
	looked time.Time
	stamps [2]stamp
	pair   *tls.Certificate
}

// stamp tells whether a file was written or its symbolic link turned to another.
type stamp struct {
	modified time.Time
	size     int64
}

// OpenCertificate reads a pair that is named as "CERT,KEY".
func OpenCertificate(pair string, log *slog.Logger) (*Certificate, error) {
	certFile, keyFile, ok := strings.Cut(pair, ",")
	if !ok || certFile == "" || keyFile == "" {
		return nil, fmt.Errorf("%q: want CERT,KEY, two PEM files", pair)
	}
	c := &Certificate{certFile: certFile, keyFile: keyFile, log: log}
	if _, err := c.read(time.Now()); err != nil {
		return nil, fmt.Errorf("certificate %s: %w", certFile, err)
	}
	return c, nil
}

// Over makes a listener one of TLS 1.3 and HTTP/1.1, which WebSockets need. A nil
// certificate leaves it as it is.
func (c *Certificate) Over(l net.Listener) net.Listener {
	if c == nil {
		return l
	}
	return tls.NewListener(l, &tls.Config{MinVersion: tls.VersionTLS13, NextProtos: []string{"http/1.1"}, GetCertificate: c.get})
}

func (c *Certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now := time.Now(); now.Sub(c.looked) >= lookAgain {
		switch changed, err := c.read(now); {
		case err != nil && changed:
			c.log.Warn("new certificate not usable; the last one stays", "file", c.certFile, "err", err)
		case changed:
			c.log.Info("certificate reloaded", "file", c.certFile)
		}
	}
	return c.pair, nil
}

// read reads the files if they changed.
func (c *Certificate) read(now time.Time) (changed bool, err error) {
	c.looked = now
	cert, certErr := stampOf(c.certFile)
	key, keyErr := stampOf(c.keyFile)
	stamps := [2]stamp{cert, key}
	if stamps == c.stamps && c.pair != nil {
		return false, nil
	}
	c.stamps = stamps
	if err := errors.Join(certErr, keyErr); err != nil {
		return true, err
	}
	pair, err := tls.LoadX509KeyPair(c.certFile, c.keyFile)
	if err == nil {
		c.pair = &pair
	}
	return true, err
}

func stampOf(path string) (stamp, error) {
	info, err := os.Stat(path)
	if err != nil {
		return stamp{}, err
	}
	return stamp{info.ModTime(), info.Size()}, nil
}
