package httpapi

import (
	"context"
	"io"
	"net/http"
	"time"

	"github.com/coditect/platform/controlplane/api"
	"github.com/coditect/platform/shared/directory"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/tracing"
	"github.com/coditect/platform/shared/web"
)

const (
	maxKeyLength   = 253
	defaultChanges = 1000
	snapshotLimit  = 2 * time.Minute // for a reader, however slow
)

// Lookup is the directory's busiest operation; it checks by hand what the
// validator checks for the others.
func (s *server) Lookup(ctx context.Context, r api.LookupRequestObject) (api.LookupResponseObject, error) {
	key := directory.Key{Kind: r.Params.Kind, Value: r.Params.Value}
	if !knownKind(key.Kind) {
		return nil, fault.New(fault.Invalid, "no such kind of key").At("kind", "use slug, domain or id")
	}
	if key.Value == "" || len(key.Value) > maxKeyLength {
		return nil, fault.New(fault.Invalid, "not a key").At("value", "use 1 to %d characters", maxKeyLength)
	}
	entry, version, err := s.Reader.Lookup(ctx, canonical(key))
	if err != nil {
		return nil, err
	}
	if entry == nil {
		unknown := fault.New(fault.UnknownTenant, "no tenant has this key")
		return api.Lookup404ApplicationProblemPlusJSONResponse{
			Body: fault.ProblemOf(unknown, web.RequestID(ctx)), Headers: api.Lookup404ResponseHeaders{DirectoryVersion: &version},
		}, nil
	}
	return api.Lookup200JSONResponse{Body: *entry, Headers: api.Lookup200ResponseHeaders{DirectoryVersion: &version}}, nil
}

// canonical replaces a key that no tenant can have, and that the database might
// not even take, by one that leads nowhere.
func canonical(key directory.Key) directory.Key {
	nowhere := directory.Key{Kind: directory.BySlug, Value: "-"}
	if !knownKind(key.Kind) || len(key.Value) > maxKeyLength {
		return nowhere
	}
	for i := 0; i < len(key.Value); i++ {
		if c := key.Value[i]; c <= ' ' || c > '~' {
			return nowhere
		}
	}
	return key
}

func knownKind(kind directory.KeyKind) bool {
	return kind == directory.BySlug || kind == directory.ByDomain || kind == directory.ByID
}

// ListChanges is a long poll on the change log.
func (s *server) ListChanges(ctx context.Context, r api.ListChangesRequestObject) (api.ListChangesResponseObject, error) {
	tracing.Streamed(ctx) // it may be long, and is none the worse for it
	wait := time.Duration(orDefault(r.Params.WaitSeconds, 0)) * time.Second
	run, err := s.Reader.Await(ctx, r.Params.Since, orDefault(r.Params.Limit, defaultChanges), wait, web.Draining(ctx))
	if err != nil {
		return nil, err
	}
	if run.Changes == nil {
		run.Changes = []directory.Change{}
	}
	return api.ListChanges200JSONResponse(run), nil
}

// GetSnapshot streams the directory.
func (s *server) GetSnapshot(ctx context.Context, _ api.GetSnapshotRequestObject) (api.GetSnapshotResponseObject, error) {
	return snapshotStream(func(w io.Writer) error {
		ctx, cancel := context.WithTimeout(ctx, snapshotLimit)
		defer cancel()
		return s.Reader.WriteSnapshot(ctx, w)
	}), nil
}

type snapshotStream func(io.Writer) error

// VisitGetSnapshotResponse writes the stream. Once a byte is out, all that can
// be done about an error is to cut the connection, so that the reader sees it.
func (write snapshotStream) VisitGetSnapshotResponse(w http.ResponseWriter) error {
	// The reader may hold a transaction open no longer than this. A server that
	// cannot set deadlines has the context's.
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(snapshotLimit))
	w.Header().Set("Content-Type", directory.SnapshotContentType)
	out := &startedWriter{ResponseWriter: w}
	return out.finish(write(out))
}

// startedWriter remembers whether anything was written.
type startedWriter struct {
	http.ResponseWriter
	started bool
}

func (s *startedWriter) Write(p []byte) (int, error) {
	s.started = true
	return s.ResponseWriter.Write(p)
}

// finish returns err if an error document can still be sent, and cuts the
// connection if not.
func (s *startedWriter) finish(err error) error {
	if err != nil && s.started {
		panic(http.ErrAbortHandler) // net/http's way to cut a connection
	}
	return err
}
