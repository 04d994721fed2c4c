package upstream

import (
	"crypto/tls"
	"errors"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/coditect/platform/router/internal/wire"
)

// What nobody tunes.
const (
	dialTimeout     = 2 * time.Second
	idleTimeout     = 30 * time.Second // less than a cell's own, so that the router closes first
	probeInterval   = 2 * time.Second
	probeTimeout    = 2 * time.Second
	resolveInterval = 15 * time.Second
	ejectAfter      = 5
	probesToEject   = 3
	maxIdle         = 512 // connections kept for each address
	budgetBurst     = 20
	budgetPart      = 10 // percent
)

// Errors of [Cell.Get], all before anything was sent.
var (
	ErrEjected  = errors.New("every address of the cell is out of order")
	ErrTooMany  = errors.New("too many connections to the cell")
	ErrEndpoint = errors.New("the cell's endpoint is not a URL with a host")
)

// Options says what all cells share. All fields but TLS and Registry are required.
type Options struct {
	MaxConns int // to one address
	TLS      *tls.Config
	Reaper   *wire.Reaper
	Log      *slog.Logger
	Registry prometheus.Registerer
}
