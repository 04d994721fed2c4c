package internalapi

import (
	"bufio"
	"context"
	"encoding/binary"
	"encoding/json"
	"net/http"

	"github.com/coditect/platform/cell"
	api "github.com/coditect/platform/cell/api/internalapi"
	"github.com/coditect/platform/cell/internal/transfer/frame"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/web"
)

// TakeSnapshot implements the API.
func (s *server) TakeSnapshot(ctx context.Context, r api.TakeSnapshotRequestObject) (api.TakeSnapshotResponseObject, error) {
	snapshot, err := s.exporter.Snapshot(ctx, transferOf(r.TenantID, r.MigrationID))
	if err != nil {
		return nil, err
	}
	size, err := s.exporter.Contents.TenantSize(ctx, r.TenantID)
	if err != nil {
		return nil, err
	}
	answer := api.TakeSnapshot200JSONResponse{Snapshot: snapshot.Name, Position: snapshot.Position}
	for _, t := range size.Tables {
		answer.RowsEstimate, answer.BytesEstimate = answer.RowsEstimate+t.Rows, answer.BytesEstimate+t.Bytes
	}
	return answer, nil
}

// CopyTable implements the API.
func (s *server) CopyTable(ctx context.Context, r api.CopyTableRequestObject) (api.CopyTableResponseObject, error) {
	var from []string
	if r.Params.From != nil {
		if err := json.Unmarshal([]byte(*r.Params.From), &from); err != nil || len(from) == 0 {
			return nil, fault.New(fault.Invalid, "the request breaks rules of the API").At("from", "use a JSON array of texts, as a chunk before named it")
		}
	}
	return streamed{s, ctx, func(ctx context.Context, f *frames) error {
		return s.exporter.CopyTable(ctx, transferOf(r.TenantID, r.MigrationID), r.Table, r.Params.Snapshot, from, f)
	}}, nil
}

// StreamChanges implements the API.
func (s *server) StreamChanges(ctx context.Context, r api.StreamChangesRequestObject) (api.StreamChangesResponseObject, error) {
	var after cell.Position
	if r.Params.After != nil {
		var err error
		if after, err = cell.ParsePosition(*r.Params.After); err != nil {
			return nil, fault.New(fault.Invalid, "the request breaks rules of the API").At("after", "%v", err)
		}
	}
	return streamed{s, ctx, func(ctx context.Context, f *frames) error {
		return s.exporter.Changes(ctx, transferOf(r.TenantID, r.MigrationID), after, f)
	}}, nil
}

// CopyFile implements the API.
func (s *server) CopyFile(ctx context.Context, r api.CopyFileRequestObject) (api.CopyFileResponseObject, error) {
	return streamed{s, ctx, func(ctx context.Context, f *frames) error {
		return s.exporter.CopyFile(ctx, transferOf(r.TenantID, r.MigrationID), r.Params.Key, f)
	}}, nil
}

// AcknowledgeChanges implements the API.
func (s *server) AcknowledgeChanges(ctx context.Context, r api.AcknowledgeChangesRequestObject) (api.AcknowledgeChangesResponseObject, error) {
	if err := s.exporter.Acknowledge(ctx, transferOf(r.TenantID, r.MigrationID), r.Body.Position); err != nil {
		return nil, err
	}
	return api.AcknowledgeChanges204Response{}, nil
}

// streamed answers with frames while run writes them. A failure before the first
// is a problem document, one after it an Error frame.
type streamed struct {
	*server
	ctx context.Context
	run func(ctx context.Context, f *frames) error
}

// VisitCopyTableResponse implements the generated interface.
func (s streamed) VisitCopyTableResponse(w http.ResponseWriter) error { return s.answer(w) }

// VisitCopyFileResponse implements the generated interface.
func (s streamed) VisitCopyFileResponse(w http.ResponseWriter) error { return s.answer(w) }

// VisitStreamChangesResponse implements the generated interface.
func (s streamed) VisitStreamChangesResponse(w http.ResponseWriter) error { return s.answer(w) }

func (s streamed) answer(w http.ResponseWriter) error {
	ctx, cancel := untilDrained(s.ctx)
	defer cancel()
	f := newFrames(w, "application/octet-stream")
	err := s.run(ctx, f)
	if err != nil && !f.begun {
		return err
	}
	if err != nil {
		err = s.brokenOff(ctx, err)
		problem, _ := json.Marshal(fault.ProblemOf(err, web.RequestID(ctx))) // texts and numbers
		f.write(frame.Error, problem)
	}
	_ = f.Flush() // if the client is gone there is nobody left to tell
	return nil
}

// brokenOff is what the target learns of a failure in the middle of a stream; the
// log learns more.
func (s *server) brokenOff(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return fault.New(fault.Unavailable, "the source cell stops")
	}
	s.log.WarnContext(ctx, "stream to another cell broken off", "request_id", web.RequestID(ctx), "err", err)
	return err
}

// untilDrained ends the context when the server stops: a stream has no end of
// its own.
func untilDrained(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		select {
		case <-web.Draining(ctx):
			cancel()
		case <-ctx.Done():
		}
	}()
	return ctx, cancel
}

const frameBuffer = 64 << 10

// frames writes the frames of an answer. It implements what an export writes to.
type frames struct {
	media string
	w     http.ResponseWriter
	out   *bufio.Writer
	data  []byte // of the Data frame that is being filled
	begun bool
	err   error
}

func newFrames(w http.ResponseWriter, media string) *frames {
	return &frames{media: media, w: w, out: bufio.NewWriterSize(w, frameBuffer)}
}

func (f *frames) begin() {
	if !f.begun {
		f.w.Header().Set("Content-Type", f.media)
		f.begun = true
	}
}

func (f *frames) write(kind frame.Kind, payload []byte) {
	f.begin()
	if f.err == nil {
		f.err = frame.Write(f.out, kind, payload)
	}
}

// Write implements [cell.ChunkSink].
func (f *frames) Write(p []byte) (int, error) {
	f.data = append(f.data, p...)
	if len(f.data) >= frameBuffer {
		f.endData()
	}
	return len(p), f.err
}

func (f *frames) endData() {
	if len(f.data) > 0 {
		f.write(frame.Data, f.data)
		f.data = f.data[:0]
	}
}

// EndChunk implements [cell.ChunkSink].
func (f *frames) EndChunk(end cell.ChunkEnd) error {
	f.endData()
	if err := f.document(frame.End, end); err != nil {
		return err
	}
	return f.Flush()
}

// BeginFile implements [transfer.FileSink].
func (f *frames) BeginFile(file cell.StoredFile) error { return f.document(frame.File, file) }

// EndFile implements [transfer.FileSink].
func (f *frames) EndFile(end cell.FileEnd) error {
	f.endData()
	return f.document(frame.End, end)
}

func (f *frames) document(kind frame.Kind, of any) error {
	text, err := json.Marshal(of)
	if err != nil {
		return err
	}
	f.write(kind, text)
	return f.err
}

// Message implements [cell.ChangeSink].
func (f *frames) Message(data []byte) error {
	f.write(frame.Message, data)
	return f.err
}

// Reached implements [cell.ChangeSink].
func (f *frames) Reached(position cell.Position) error { return f.position(frame.Reached, position) }

// Head says where the log ends.
func (f *frames) Head(position cell.Position) error { return f.position(frame.Head, position) }

func (f *frames) position(kind frame.Kind, position cell.Position) error {
	f.write(kind, binary.BigEndian.AppendUint64(nil, uint64(position)))
	return f.err
}

// Flush implements [cell.ChangeSink].
func (f *frames) Flush() error {
	if f.err == nil && f.out.Buffered() > 0 {
		if f.err = f.out.Flush(); f.err == nil {
			f.err = http.NewResponseController(f.w).Flush()
		}
	}
	return f.err
}
