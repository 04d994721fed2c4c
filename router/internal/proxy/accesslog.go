package proxy

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"strconv"
	"sync"
	"time"
)

// flushInterval bounds how late an access log line may be.
const flushInterval = time.Second

// AccessLog writes one JSON line a request: who was served, where, how fast.
// Never what: no query, no header values, no body.
type AccessLog struct {
	mu  sync.Mutex
	out *bufio.Writer
}

// NewAccessLog returns an access log on w; Run flushes it.
func NewAccessLog(w io.Writer) *AccessLog {
	return &AccessLog{out: bufio.NewWriterSize(w, 64<<10)}
}

// Run flushes the log every second until ctx ends.
func (l *AccessLog) Run(ctx context.Context) error {
	tick := time.NewTicker(flushInterval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return l.flush()
		case <-tick.C:
			if err := l.flush(); err != nil {
				return err
			}
		}
	}
}

func (l *AccessLog) flush() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.out.Flush()
}

var linePool = sync.Pool{New: func() any { b := make([]byte, 0, 512); return &b }}

func (l *AccessLog) write(x *exchange, took time.Duration) {
	buf := linePool.Get().(*[]byte)
	b := append((*buf)[:0], `{"time":"`...)
	b = x.start.UTC().AppendFormat(b, time.RFC3339Nano)
	b = append(b, `","msg":"access","request_id":`...)
	b = appendJSON(b, view(x.requestID))
	b = append(b, `,"method":`...)
	b = appendJSON(b, view(x.req.Method))
	b = append(b, `,"host":`...)
	b = appendJSON(b, view(x.req.Host))
	b = append(b, `,"path":`...)
	b = appendJSON(b, view(pathOf(x.req.Target)))
	if !x.entry.TenantID.IsZero() {
		b = append(b, `,"tenant":"`...)
		b = append(b, x.tenant[:]...)
		b = append(b, `","epoch":`...)
		b = strconv.AppendUint(b, x.entry.Epoch, 10)
	}
	if x.trace.on {
		b = append(b, `,"trace_id":"`...)
		b = append(append(b, x.trace.id()...), '"')
	}
	b = append(b, `,"cell":`...)
	b = appendJSON(b, x.cell)
	b = append(b, `,"status":`...)
	b = strconv.AppendInt(b, int64(x.status), 10)
	b = append(b, `,"hops":`...)
	b = strconv.AppendInt(b, int64(x.hops), 10)
	b = append(b, `,"took_us":`...)
	b = strconv.AppendInt(b, took.Microseconds(), 10)
	b = append(b, "}\n"...)
	l.mu.Lock()
	_, _ = l.out.Write(b) // Run reports a broken log
	l.mu.Unlock()
	*buf = b
	linePool.Put(buf)
}

// pathOf is the target without its query, which may hold what nobody should log.
func pathOf(target []byte) []byte {
	path, _, _ := bytes.Cut(target, []byte("?"))
	return path
}

// appendJSON quotes s; the common case needs no escaping.
func appendJSON(b []byte, s string) []byte {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			quoted, err := json.Marshal(s)
			if err != nil {
				return append(b, `""`...)
			}
			return append(b, quoted...)
		}
	}
	b = append(b, '"')
	b = append(b, s...)
	return append(b, '"')
}
