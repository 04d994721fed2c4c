package jobs

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"io"
	"time"

	"github.com/google/uuid"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/tenancy"
)

// Blobs is object storage. It is an interface because use-cases do not know
// edges.
type Blobs interface {
	Write(ctx context.Context, tenant tenancy.ID, key, mediaType string, write func(io.Writer) error) error
	Read(ctx context.Context, tenant tenancy.ID, key string) (io.ReadCloser, error)
}

// keep writes the file that a job makes and returns what the job leaves: each
// attempt has a file of its own, and only that of the attempt that gets done is
// ever shown.
func keep(ctx context.Context, blobs Blobs, task *Task, name, mediaType string, write func(io.Writer) error) (cell.Outcome, error) {
	file := cell.File{
		Key: fileKey(task.Ref, name), Name: name, MediaType: mediaType,
		Secret: make([]byte, sha256.Size), KeptUntil: time.Now().Add(cell.FileLife).UTC(),
	}
	_, _ = rand.Read(file.Secret) // never fails
	sum := sha256.New()
	err := blobs.Write(ctx, task.Ref.TenantID, file.Key, mediaType, func(w io.Writer) error {
		counter := &counter{to: io.MultiWriter(w, sum)}
		err := write(counter)
		file.Size = counter.n
		return err
	})
	if err != nil {
		return cell.Outcome{}, err
	}
	file.SHA256 = hex.EncodeToString(sum.Sum(nil))
	result, err := json.Marshal(file)
	return cell.Outcome{Result: result}, err
}

type counter struct {
	to io.Writer
	n  int64
}

func (c *counter) Write(p []byte) (int, error) {
	n, err := c.to.Write(p)
	c.n += int64(n)
	return n, err
}

// FileStore finds jobs. It is an interface because use-cases do not know the
// database.
type FileStore interface {
	GetJob(ctx context.Context, call *cell.Call, id uuid.UUID) (cell.Job, error)
}

// Files are what jobs made. A link to one works for whoever has it, until it
// expires: it is signed with a secret of the job's row.
type Files struct {
	Store FileStore
	Blobs Blobs
	Clock func() time.Time
}

// Link returns a new link to what the job made, or nil if there is nothing.
func (f Files) Link(job cell.Job) *cell.FileLink {
	file, ok := fileOf(job, f.Clock())
	if !ok {
		return nil
	}
	expires := f.Clock().Add(cell.LinkLife).Truncate(time.Second).UTC()
	claims := append(job.ID[:], binary.BigEndian.AppendUint64(nil, uint64(expires.Unix()))...)
	token := base64.RawURLEncoding.EncodeToString(append(claims, sign(file.Secret, claims)...))
	return &cell.FileLink{File: file, Token: token, Expires: expires}
}

// Open opens the file that a link names. Everything that is wrong with a link
// looks the same from outside.
func (f Files) Open(ctx context.Context, call *cell.Call, token string) (cell.File, io.ReadCloser, error) {
	gone := fault.New(fault.NotFound, "no such file, or its link has expired")
	raw, err := base64.RawURLEncoding.Strict().DecodeString(token)
	const claimsBytes = len(uuid.UUID{}) + 8
	if err != nil || len(raw) != claimsBytes+sha256.Size {
		return cell.File{}, nil, gone
	}
	claims, id := raw[:claimsBytes], uuid.UUID(raw[:len(uuid.UUID{})])
	system := *call
	system.System, system.Permission = true, cell.JobsRead
	job, err := f.Store.GetJob(ctx, &system, id)
	call.ServedEpoch = system.ServedEpoch
	if fault.CodeOf(err) == fault.NotFound {
		return cell.File{}, nil, gone
	}
	if err != nil {
		return cell.File{}, nil, err
	}
	file, ok := fileOf(job, f.Clock())
	expires := time.Unix(int64(binary.BigEndian.Uint64(claims[len(id):])), 0)
	if !ok || !hmac.Equal(raw[claimsBytes:], sign(file.Secret, claims)) || !f.Clock().Before(expires) {
		return cell.File{}, nil, gone
	}
	r, err := f.Blobs.Read(ctx, call.Tenant, file.Key)
	return file, r, err
}

func sign(secret, claims []byte) []byte {
	h := hmac.New(sha256.New, secret)
	h.Write(claims)
	return h.Sum(nil)
}

func fileOf(job cell.Job, now time.Time) (cell.File, bool) {
	var file cell.File
	if job.State != cell.JobDone || len(job.Result) == 0 || json.Unmarshal(job.Result, &file) != nil || file.Key == "" || len(file.Secret) == 0 {
		return file, false
	}
	return file, now.Before(file.KeptUntil)
}
