package transfer

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"time"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/cell/internal/transfer/frame"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/tenancy"
)

// Shelf is the cell's object storage. It is an interface because use-cases do
// not know edges.
type Shelf interface {
	Files(ctx context.Context, id tenancy.ID, each func(cell.StoredFile) error) error
	File(ctx context.Context, id tenancy.ID, key string) (f cell.StoredFile, found bool, err error)
	Open(ctx context.Context, id tenancy.ID, key string) (cell.StoredFile, io.ReadCloser, error)
	Write(ctx context.Context, id tenancy.ID, key, mediaType string, write func(io.Writer) error) error
	RemoveSome(ctx context.Context, id tenancy.ID) (more bool, err error)
}

// FileSource is the object storage of the cell from which an import comes. The
// body of a file is frames.
type FileSource interface {
	Files(ctx context.Context) ([]cell.StoredFile, error)
	File(ctx context.Context, key string) (io.ReadCloser, error)
}

// FileSink takes a file: what it is, its content, its end.
type FileSink interface {
	io.Writer
	BeginFile(f cell.StoredFile) error
	EndFile(end cell.FileEnd) error
}

// ListFiles hands the function the tenant's files. They are there for the target
// until they are cleaned up, also when the export's slot is gone.
func (x *Exporter) ListFiles(ctx context.Context, t cell.Transfer, each func(cell.StoredFile) error) error {
	return x.Shelf.Files(ctx, t.Tenant, each)
}

// CopyFile writes one of the tenant's files to the sink, with its digest.
func (x *Exporter) CopyFile(ctx context.Context, t cell.Transfer, key string, sink FileSink) error {
	f, body, err := x.Shelf.Open(ctx, t.Tenant, key)
	if err != nil {
		return err
	}
	defer closeBody(body)
	if err := sink.BeginFile(f); err != nil {
		return err
	}
	sum := sha256.New()
	n, err := io.Copy(io.MultiWriter(sink, sum), body)
	if err != nil {
		return err
	}
	return sink.EndFile(cell.FileEnd{Bytes: n, SHA256: hex.EncodeToString(sum.Sum(nil))})
}

// openFile opens a file of the source and reads what it is.
func openFile(ctx context.Context, source FileSource, key string, rate func() int64) (cell.StoredFile, *fileReader, error) {
	var f cell.StoredFile
	body, err := source.File(ctx, key)
	if err != nil {
		return f, nil, err
	}
	r := &fileReader{body: body, sum: sha256.New(), frames: frame.NewReader(&throttled{ctx: ctx, from: body, rate: rate})}
	kind, payload, err := r.frames.Next()
	switch {
	case err != nil:
		err = brokenOff(err)
	case kind == frame.Error:
		err = problemOf(payload)
	case kind != frame.File:
		err = errors.New("a file's stream does not begin with what it is")
	default:
		err = json.Unmarshal(payload, &f)
	}
	if err != nil {
		closeBody(body)
		return f, nil, err
	}
	return f, r, nil
}

// fileReader reads the content of a file of the source. It comes to io.EOF only
// if that is what the source has read.
type fileReader struct {
	body   io.Closer
	frames *frame.Reader
	sum    interface {
		io.Writer
		Sum(b []byte) []byte
	}
	data []byte
	n    int64
	err  error
}

// Read implements [io.Reader].
func (r *fileReader) Read(p []byte) (int, error) {
	for len(r.data) == 0 && r.err == nil {
		r.err = r.advance()
	}
	if len(r.data) == 0 {
		return 0, r.err
	}
	n := copy(p, r.data)
	r.data = r.data[n:]
	return n, nil
}

func (r *fileReader) advance() error {
	kind, payload, err := r.frames.Next()
	switch {
	case err != nil:
		return brokenOff(err)
	case kind == frame.Error:
		return problemOf(payload)
	case kind == frame.Data:
		r.data, r.n = payload, r.n+int64(len(payload))
		_, _ = r.sum.Write(payload) // a hash takes everything
	case kind == frame.End:
		var end cell.FileEnd
		if err := json.Unmarshal(payload, &end); err != nil {
			return err
		}
		if end.Bytes != r.n || end.SHA256 != hex.EncodeToString(r.sum.Sum(nil)) {
			return fault.New(fault.BadGateway, "a file arrived otherwise than it was sent")
		}
		return io.EOF
	}
	return nil
}

// Close implements [io.Closer].
func (r *fileReader) Close() error { return r.body.Close() }

// fetching brings the files of a tenant from the source to this cell. A file is
// written whole and checked, or not at all: what is here need not come again.
type fetching struct {
	tenant tenancy.ID
	source FileSource
	shelf  Shelf
	rate   func() int64
	ready  func(context.Context) error // waits before each file while the import is paused
	report func(context.Context, cell.FileProgress) error
	lives  bool // the tenant lives here: what is here stays as it is

	known    map[string]cell.StoredFile // that are here, as the source listed them
	reported time.Time
}

// reportEvery is how often it is stored how many files have come.
const reportEvery = time.Second

// pass fetches what the source has now and this cell has not.
func (f *fetching) pass(ctx context.Context) error {
	if f.known == nil {
		f.known = map[string]cell.StoredFile{}
	}
	listed, err := f.source.Files(ctx)
	if err != nil {
		return err
	}
	var progress cell.FileProgress
	var missing []cell.StoredFile
	for _, file := range listed {
		here, err := f.isHere(ctx, file)
		if err != nil {
			return err
		}
		progress.Files, progress.Bytes = progress.Files+1, progress.Bytes+file.Bytes
		if here {
			progress.Here, progress.BytesHere = progress.Here+1, progress.BytesHere+file.Bytes
		} else {
			missing = append(missing, file)
		}
	}
	for _, file := range missing {
		if err := f.sometimes(ctx, progress); err != nil {
			return err
		}
		if err := errors.Join(f.ready(ctx), f.fetch(ctx, file)); err != nil {
			return err
		}
		progress.Here, progress.BytesHere = progress.Here+1, progress.BytesHere+file.Bytes
	}
	progress.Complete = f.lives
	return f.report(ctx, progress)
}

func (f *fetching) sometimes(ctx context.Context, progress cell.FileProgress) error {
	if time.Since(f.reported) < reportEvery {
		return nil
	}
	f.reported = time.Now()
	return f.report(ctx, progress)
}

func (f *fetching) isHere(ctx context.Context, file cell.StoredFile) (bool, error) {
	if known, ok := f.known[file.Key]; ok && (f.lives || known == file) {
		return true, nil
	}
	here, found, err := f.shelf.File(ctx, f.tenant, file.Key)
	if err != nil || !found || !f.lives && (here.Bytes != file.Bytes || here.Modified.Before(file.Modified)) {
		return false, err
	}
	f.known[file.Key] = file
	return true, nil
}

// fetch brings one file. One that the source has no longer is none.
func (f *fetching) fetch(ctx context.Context, file cell.StoredFile) error {
	about, content, err := openFile(ctx, f.source, file.Key, f.rate)
	if fault.CodeOf(err) == fault.NotFound {
		return nil
	}
	if err != nil {
		return err
	}
	defer closeBody(content)
	err = f.shelf.Write(ctx, f.tenant, file.Key, about.MediaType, func(w io.Writer) error {
		_, err := io.Copy(w, content)
		return err
	})
	if err == nil {
		f.known[file.Key] = file
	}
	return err
}
