package changestream

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pglogrepl"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/coditect/platform/cell"
)

// askEvery is how often the server is asked how far it is when it has nothing
// to say: it passes over what is not the tenant's silently.
const askEvery = 100 * time.Millisecond

// Stream hands what the slot carries from the position on to the sink, until ctx
// ends or something fails. It asks acknowledged now and then up to where the
// server need not keep it any longer; an error of that ends the stream.
func (s Server) Stream(ctx context.Context, slot string, from cell.Position, sink cell.ChangeSink, acknowledged func(context.Context) (cell.Position, error)) error {
	conn, err := s.connect(ctx)
	if err != nil {
		return err
	}
	defer closeConn(conn)
	err = pglogrepl.StartReplication(ctx, conn, slot, pglogrepl.LSN(from), pglogrepl.StartReplicationOptions{
		Mode: pglogrepl.LogicalReplication, PluginArgs: []string{"proto_version '1'", "publication_names '" + slot + "'"},
	})
	if err != nil {
		return fmt.Errorf("start replication of %s: %w", slot, err)
	}
	reader := &reader{conn: conn, sink: sink, acknowledged: acknowledged, tables: s.Tables}
	for {
		if err := reader.turn(ctx); err != nil {
			return err
		}
	}
}

// reader reads one slot's stream.
type reader struct {
	conn         *pgconn.PgConn
	sink         cell.ChangeSink
	acknowledged func(context.Context) (cell.Position, error)
	tables       map[string]string
	acked        cell.Position
	ackedAt      time.Time
}

const acknowledgeEvery = 250 * time.Millisecond

// turn asks the server how far it is, and hands on what comes until it is time
// to ask again.
func (r *reader) turn(ctx context.Context) error {
	if time.Since(r.ackedAt) >= acknowledgeEvery {
		position, err := r.acknowledged(ctx)
		if err != nil {
			return err
		}
		r.acked, r.ackedAt = position, time.Now()
	}
	err := pglogrepl.SendStandbyStatusUpdate(ctx, r.conn, pglogrepl.StandbyStatusUpdate{
		WALWritePosition: pglogrepl.LSN(r.acked), WALFlushPosition: pglogrepl.LSN(r.acked), WALApplyPosition: pglogrepl.LSN(r.acked), ReplyRequested: true,
	})
	if err != nil {
		return fmt.Errorf("ask for progress: %w", err)
	}
	turn, cancel := context.WithTimeout(ctx, askEvery)
	defer cancel()
	for turn.Err() == nil {
		message, err := r.conn.ReceiveMessage(turn)
		switch {
		case err == nil:
		case ctx.Err() != nil:
			return ctx.Err()
		case pgconn.Timeout(err):
			return nil
		default:
			return fmt.Errorf("read the stream: %w", err)
		}
		if err := r.handle(message); err != nil {
			return err
		}
	}
	return nil
}

func (r *reader) handle(message pgproto3.BackendMessage) error {
	switch m := message.(type) {
	case *pgproto3.ErrorResponse:
		return fmt.Errorf("stream: %w", pgconn.ErrorResponseToPgError(m))
	case *pgproto3.CopyData:
		if err := r.data(m.Data); err != nil {
			return err
		}
	}
	if r.conn.Frontend().ReadBufferLen() == 0 {
		return r.sink.Flush()
	}
	return nil
}

func (r *reader) data(data []byte) error {
	switch data[0] {
	case pglogrepl.PrimaryKeepaliveMessageByteID:
		alive, err := pglogrepl.ParsePrimaryKeepaliveMessage(data[1:])
		if err != nil {
			return err
		}
		return r.sink.Reached(cell.Position(alive.ServerWALEnd))
	case pglogrepl.XLogDataByteID:
		log, err := pglogrepl.ParseXLogData(data[1:])
		if err != nil {
			return err
		}
		return r.sink.Message(renamed(log.WALData, r.tables))
	}
	return nil
}
