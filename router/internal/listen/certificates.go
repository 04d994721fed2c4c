package listen

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// certificates are the pairs that are served now. A pair whose files change is
// read again; one that cannot be read stays as it was.
type certificates struct {
	log    *slog.Logger
	failed func()

	mu     sync.Mutex // one reload at a time
	pairs  []loadedPair
	chosen atomic.Pointer[choice]
}

type loadedPair struct {
	Pair
	stamp       [2]stamp // of the files when they were last read, successfully or not
	err         error    // of that reading
	certificate *tls.Certificate
}

// stamp tells whether a file was written, or its symbolic link turned to another.
type stamp struct {
	modified time.Time
	size     int64
	inode    os.FileInfo
}

func stampOf(path string) (stamp, error) {
	info, err := os.Stat(path)
	if err != nil {
		return stamp{}, err
	}
	return stamp{info.ModTime(), info.Size(), info}, nil
}

func (s stamp) same(t stamp) bool {
	return s.inode != nil && t.inode != nil && s.modified.Equal(t.modified) && s.size == t.size && os.SameFile(s.inode, t.inode)
}

// choice finds a certificate by the name that a client asks for.
type choice struct {
	all    []*tls.Certificate
	byName map[string][]*tls.Certificate
}

func loadCertificates(pairs []Pair, log *slog.Logger, failed func()) (*certificates, error) {
	c := &certificates{log: log, failed: failed}
	for _, p := range pairs {
		loaded := loadedPair{Pair: p}
		if _, err := loaded.read(); err != nil {
			return nil, fmt.Errorf("certificate %s: %w", p.CertFile, err)
		}
		c.pairs = append(c.pairs, loaded)
	}
	c.publish()
	return c, nil
}

// read reads the files if they changed, and reports whether they did. The
// error is that of the last reading.
func (p *loadedPair) read() (changed bool, err error) {
	cert, errCert := stampOf(p.CertFile)
	key, errKey := stampOf(p.KeyFile)
	if err := errors.Join(errCert, errKey); err != nil { // the time between two files of a careless deployment
		changed = p.err == nil
		p.stamp, p.err = [2]stamp{}, err
		return changed, err
	}
	if p.stamp[0].same(cert) && p.stamp[1].same(key) {
		return false, p.err
	}
	p.stamp = [2]stamp{cert, key}
	loaded, err := tls.LoadX509KeyPair(p.CertFile, p.KeyFile)
	if err == nil && loaded.Leaf == nil {
		loaded.Leaf, err = x509.ParseCertificate(loaded.Certificate[0])
	}
	if p.err = err; err == nil {
		p.certificate = &loaded
	}
	return true, err
}

// reload reads what changed. The errors are also logged, once for each change.
func (c *certificates) reload(ctx context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	var errs []error
	for i := range c.pairs {
		p := &c.pairs[i]
		changed, err := p.read()
		switch {
		case err != nil:
			errs = append(errs, fmt.Errorf("certificate %s: %w", p.CertFile, err))
			if changed {
				c.failed()
				c.log.WarnContext(ctx, "new certificate not usable; the last one stays", "file", p.CertFile, "expires", p.certificate.Leaf.NotAfter, "err", err)
			}
		case changed:
			c.log.InfoContext(ctx, "certificate reloaded", "file", p.CertFile, "expires", p.certificate.Leaf.NotAfter)
		}
	}
	c.publish()
	return errors.Join(errs...)
}

func (c *certificates) publish() {
	next := &choice{byName: map[string][]*tls.Certificate{}}
	for _, p := range c.pairs {
		next.all = append(next.all, p.certificate)
		for _, name := range p.certificate.Leaf.DNSNames {
			name = strings.ToLower(name)
			next.byName[name] = append(next.byName[name], p.certificate)
		}
	}
	c.chosen.Store(next)
}

// get chooses for a client: the exact name, then the wildcard, then the first
// certificate; of several for a name the first that the client can verify.
func (c *certificates) get(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	now := c.chosen.Load()
	name := strings.ToLower(strings.TrimSuffix(hello.ServerName, "."))
	for _, wanted := range []string{name, wildcard(name)} {
		for _, certificate := range now.byName[wanted] {
			if hello.SupportsCertificate(certificate) == nil {
				return certificate, nil
			}
		}
	}
	return now.all[0], nil
}

func wildcard(name string) string {
	_, parent, found := strings.Cut(name, ".")
	if !found {
		return ""
	}
	return "*." + parent
}

// watch reloads until the context ends.
func (c *certificates) watch(ctx context.Context, every time.Duration) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			_ = c.reload(ctx) // logged
		}
	}
}

// config is TLS 1.3 and HTTP/1.1, nothing else. Session tickets are on, with
// keys that crypto/tls makes and rotates; they outlive a reload.
func (c *certificates) config() *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS13, MaxVersion: tls.VersionTLS13,
		NextProtos: []string{"http/1.1"}, GetCertificate: c.get,
	}
}
