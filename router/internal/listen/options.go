package listen

import (
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Values that nobody tunes.
const (
	headerTimeout = 3 * time.Second // for a PROXY header
	maxPreparing  = 1024            // connections whose PROXY header or handshake is under way

	keepAliveIdle  = 60 * time.Second // then the kernel asks whether the peer is still there
	keepAliveEvery = 15 * time.Second
	keepAliveCount = 4
)

// Pair is a certificate chain and its key: PEM files.
type Pair struct{ CertFile, KeyFile string }

// Options says what a listener accepts. Addr is required.
type Options struct {
	Addr          string
	ReusePort     bool           // several processes may listen on Addr: for restarts without a gap
	HandOver      time.Duration  // how long Close accepts what began before a successor on Addr took over; 1 s
	Trusted       []netip.Prefix // load balancers, proxies and CDNs whose word on the client's address counts
	ProxyProtocol bool           // peers in Trusted begin with a PROXY header (version 2); nobody else may

	Certificates     []Pair        // chosen by SNI, the first one for every other name; none: no TLS
	ReloadInterval   time.Duration // how often the files are looked at; 10 s
	HandshakeTimeout time.Duration // 5 s

	MaxConns        int // 18,000; more are closed at once
	MaxConnsPerAddr int // of one client address (of a /64 for IPv6); 0: no limit. Trusted peers have none

	Log      *slog.Logger
	Registry prometheus.Registerer
}

func (o *Options) setDefaults() error {
	if o.ReloadInterval <= 0 {
		o.ReloadInterval = 10 * time.Second
	}
	if o.HandshakeTimeout <= 0 {
		o.HandshakeTimeout = 5 * time.Second
	}
	if o.HandOver <= 0 {
		o.HandOver = time.Second // some times the longest round trip
	}
	if o.MaxConns <= 0 {
		o.MaxConns = 18_000
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.ProxyProtocol && len(o.Trusted) == 0 {
		return errors.New("the PROXY protocol needs trusted networks: name those of the load balancers")
	}
	for _, p := range o.Trusted {
		if !p.IsValid() || p.Addr().Is4In6() {
			return fmt.Errorf("trusted network %s: want a prefix like 10.0.0.0/8 or fd00::/8", p)
		}
	}
	return nil
}

// contains expects an unmapped address.
func contains(networks []netip.Prefix, addr netip.Addr) bool {
	for _, p := range networks {
		if p.Contains(addr) {
			return true
		}
	}
	return false
}
