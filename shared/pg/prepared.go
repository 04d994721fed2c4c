package pg

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// Prepared is a set of statements that are parsed and planned once a server
// connection and not once a call, although a pooler in transaction mode that
// knows nothing of prepared statements (PgBouncer before 1.21) hands a client
// another server connection with each transaction. Statements are named after
// their texts, so that it does not matter which client prepared them; a guard
// before a transaction's first statement finds out whether all of them are
// there. If not, the transaction, of which nothing was executed yet, begins again
// by preparing them, for all who get that connection later. With a pooler that knows prepared statements, or with none,
// the guard always finds them.
type Prepared struct {
	texts []string // the guard is the last
}

// Prepare returns the set of these statements, which are used with
// [Prepared.Send] only and in no other way on the same pool.
func Prepare(texts ...string) *Prepared {
	texts = slices.Compact(slices.Sorted(slices.Values(texts)))
	sum := sha256.Sum256([]byte(strings.Join(texts, "\x00")))
	return &Prepared{texts: append(texts, `SELECT 1 AS "`+hex.EncodeToString(sum[:8])+`"`)}
}

func (p *Prepared) guard() string { return p.texts[len(p.texts)-1] }

// name is what [pgx.Conn.Prepare] calls a statement that is known by its text.
func name(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "stmt_" + hex.EncodeToString(sum[:24])
}

// names returns the names of all, in the order of texts.
func (p *Prepared) names() []string {
	var all []string
	for _, text := range p.texts {
		all = append(all, name(text))
	}
	return all
}

// uses is how many transactions a client connection sends as texts, before it is
// worth a round trip a statement to know them by name.
const uses = 3

// knows reports whether the connection knows the statements, and has it learn
// them when it has been used often enough.
func (p *Prepared) knows(ctx context.Context, conn *pgx.Conn) (bool, error) {
	used, _ := conn.PgConn().CustomData()[p.guard()].(int)
	if used <= uses {
		conn.PgConn().CustomData()[p.guard()] = used + 1
	}
	if used != uses {
		return used > uses, nil
	}
	return true, p.learn(ctx, conn)
}

// Learn has a client connection know the statements now, however seldom it was used.
func (p *Prepared) Learn(ctx context.Context, conn *pgx.Conn) error {
	if used, _ := conn.PgConn().CustomData()[p.guard()].(int); used > uses {
		return nil
	}
	conn.PgConn().CustomData()[p.guard()] = uses + 1
	return p.learn(ctx, conn)
}

// learn has a client connection know the statements. A database that lacks
// what they speak of is no error: texts are sent there.
func (p *Prepared) learn(ctx context.Context, conn *pgx.Conn) error {
	tx, err := conn.Begin(ctx) // all on one server connection
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }()
	there, err := p.onServer(ctx, conn)
	if err != nil {
		return err
	}
	// The driver has to have prepared a statement itself to know it.
	var drop strings.Builder
	for name := range there {
		drop.WriteString("DEALLOCATE " + name + "; ")
	}
	if len(there) > 0 {
		if _, err := conn.PgConn().Exec(ctx, drop.String()).ReadAll(); err != nil {
			return err
		}
	}
	for _, text := range p.texts {
		if _, err := conn.Prepare(ctx, text, text); err != nil {
			return p.forget(ctx, tx, err)
		}
	}
	return tx.Commit(ctx)
}

// forget takes back what was prepared before a statement that cannot be: the
// set is there as a whole or not at all.
func (p *Prepared) forget(ctx context.Context, tx pgx.Tx, cause error) error {
	var refused *pgconn.PgError
	if !errors.As(cause, &refused) {
		return cause
	}
	conn := tx.Conn()
	if err := tx.Rollback(ctx); err != nil {
		return err
	}
	return conn.DeallocateAll(ctx)
}

// onServer returns which names the server connection of the transaction knows.
func (p *Prepared) onServer(ctx context.Context, conn *pgx.Conn) (map[string]bool, error) {
	rows, err := conn.Query(ctx, `SELECT name FROM pg_prepared_statements WHERE name = ANY($1::text[])`, p.names())
	if err != nil {
		return nil, err
	}
	there := map[string]bool{}
	var found string
	_, err = pgx.ForEachRow(rows, []any{&found}, func() error { there[found] = true; return nil })
	return there, err
}

// Send executes a batch that begins a transaction, with the set's statements by
// name. Those may be used until the transaction ends.
func (p *Prepared) Send(ctx context.Context, conn *pgx.Conn, b *pgx.Batch) error {
	known, err := p.knows(ctx, conn)
	if err != nil {
		return err
	}
	if !known {
		return conn.SendBatch(ctx, b).Close()
	}
	begin, rest := b.QueuedQueries[0], b.QueuedQueries[1:]
	guarded := &pgx.Batch{QueuedQueries: slices.Concat([]*pgx.QueuedQuery{begin, {SQL: p.guard()}}, rest)}
	err = conn.SendBatch(ctx, guarded).Close()
	if !unprepared(err) {
		return err
	}
	for _, statement := range []string{`ROLLBACK`, begin.SQL} {
		if _, err := conn.Exec(ctx, statement); err != nil {
			return err
		}
	}
	if err := p.heal(ctx, conn); err != nil {
		return fmt.Errorf("prepare statements: %w", err)
	}
	return conn.SendBatch(ctx, &pgx.Batch{QueuedQueries: rest}).Close()
}

// heal prepares what the server connection of the transaction does not know.
func (p *Prepared) heal(ctx context.Context, conn *pgx.Conn) error {
	there, err := p.onServer(ctx, conn)
	if err != nil {
		return err
	}
	pipeline := conn.PgConn().StartPipeline(ctx)
	for _, text := range p.texts { // the guard last: where it is, all are
		if !there[name(text)] {
			pipeline.SendPrepare(name(text), text, nil)
		}
	}
	err = pipeline.Sync()
	for err == nil {
		var result any
		if result, err = pipeline.GetResults(); result == nil {
			break
		}
	}
	return errors.Join(err, pipeline.Close())
}

// unprepared reports whether the server connection did not know a name.
func unprepared(err error) bool {
	var e *pgconn.PgError
	return errors.As(err, &e) && e.Code == "26000" // invalid_sql_statement_name
}
