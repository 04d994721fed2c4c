package changestream

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pglogrepl"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/coditect/platform/cell"
)

// Server makes slots in one database. DSN names the role cell_mover and leads
// to Postgres directly.
type Server struct {
	DSN    string
	Tables map[string]string // by the name that they have in this server's log; one that is not in it has its own
}

// closeTimeout bounds the farewell to the server, which would notice anyway.
const closeTimeout = 2 * time.Second

// Held implements [cell.HeldSnapshot].
type Held struct {
	snapshot cell.Snapshot
	conn     *pgconn.PgConn
}

// Taken returns the snapshot.
func (h *Held) Taken() cell.Snapshot { return h.snapshot }

// Close ends the snapshot, and the slot that was made for it if it was temporary.
func (h *Held) Close() { closeConn(h.conn) }

// Alive reports whether the snapshot can still be used, as far as is known here.
func (h *Held) Alive() bool { return !h.conn.IsClosed() }

// MakeSlot makes a slot that outlives this process, and holds the snapshot of
// where it begins.
func (s Server) MakeSlot(ctx context.Context, name string) (cell.HeldSnapshot, error) {
	return s.make(ctx, name, false)
}

// TakeSnapshot holds a snapshot and knows its exact position, which only a slot
// can tell: a temporary one, which goes with it.
func (s Server) TakeSnapshot(ctx context.Context, name string) (cell.HeldSnapshot, error) {
	return s.make(ctx, name, true)
}

func (s Server) make(ctx context.Context, name string, temporary bool) (cell.HeldSnapshot, error) {
	conn, err := s.connect(ctx)
	if err != nil {
		return nil, err
	}
	slot, err := pglogrepl.CreateReplicationSlot(ctx, conn, name, "pgoutput", pglogrepl.CreateReplicationSlotOptions{
		Temporary: temporary, SnapshotAction: "EXPORT_SNAPSHOT", Mode: pglogrepl.LogicalReplication,
	})
	if err != nil {
		closeConn(conn)
		return nil, fmt.Errorf("make slot %s: %w", name, err)
	}
	position, err := cell.ParsePosition(slot.ConsistentPoint)
	if err != nil {
		closeConn(conn)
		return nil, err
	}
	return &Held{snapshot: cell.Snapshot{Name: slot.SnapshotName, Position: position}, conn: conn}, nil
}

// settings make every value have one text; those of libpq's own subscriber.
var settings = map[string]string{
	"replication": "database", "datestyle": "ISO", "intervalstyle": "postgres", "extra_float_digits": "3", "timezone": "UTC", "bytea_output": "hex",
}

func (s Server) connect(ctx context.Context) (*pgconn.PgConn, error) {
	cfg, err := pgconn.ParseConfig(s.DSN)
	if err != nil {
		return nil, errors.New("database URL: not a valid postgres:// URL") // pgx quotes it, password included
	}
	for name, value := range settings {
		cfg.RuntimeParams[name] = value
	}
	conn, err := pgconn.ConnectConfig(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("connect for replication: %w", err)
	}
	return conn, nil
}

func closeConn(conn *pgconn.PgConn) {
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	_ = conn.Close(ctx) // the server ends the session either way
}
