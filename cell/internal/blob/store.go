package blob

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"gocloud.dev/blob"
	_ "gocloud.dev/blob/fileblob" // file:///…
	"gocloud.dev/gcerrors"

	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/tenancy"
)

// Store is one bucket. It is safe for concurrent use.
type Store struct{ bucket *blob.Bucket }

// Open opens the bucket at url, such as file:///var/lib/cell?create_dir=true.
func Open(ctx context.Context, url string) (*Store, error) {
	bucket, err := blob.OpenBucket(ctx, url)
	if err != nil {
		return nil, fmt.Errorf("object storage: %w", err)
	}
	return &Store{bucket}, nil
}

// Close gives up the bucket.
func (s *Store) Close() error { return s.bucket.Close() }

// Write puts what write writes under the tenant's key, all of it or, after an
// error, nothing. It replaces what was there.
func (s *Store) Write(ctx context.Context, tenant tenancy.ID, key, mediaType string, write func(io.Writer) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // before Close it means: forget it
	w, err := s.bucket.NewWriter(ctx, tenantKey(tenant, key), &blob.WriterOptions{ContentType: mediaType})
	if err != nil {
		return unavailable(err)
	}
	if err := write(w); err != nil {
		cancel()
		return errors.Join(err, ignoreCancelled(w.Close()))
	}
	return unavailable(w.Close())
}

// Read opens what is under the tenant's key.
func (s *Store) Read(ctx context.Context, tenant tenancy.ID, key string) (io.ReadCloser, error) {
	r, err := s.bucket.NewReader(ctx, tenantKey(tenant, key), nil)
	if gcerrors.Code(err) == gcerrors.NotFound {
		return nil, fault.New(fault.NotFound, "the file is gone")
	}
	if err != nil {
		return nil, unavailable(err)
	}
	return r, nil
}

// Remove deletes everything whose key begins with prefix, of one tenant.
func (s *Store) Remove(ctx context.Context, tenant tenancy.ID, prefix string) error {
	list := s.bucket.List(&blob.ListOptions{Prefix: tenantKey(tenant, prefix)})
	for {
		object, err := list.Next(ctx)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			err = s.bucket.Delete(ctx, object.Key)
		}
		if err != nil && gcerrors.Code(err) != gcerrors.NotFound {
			return unavailable(err)
		}
	}
}

// listPage bounds the keys that List hands over at once.
const listPage = 500

// List hands the function the keys of one tenant that begin with prefix, some
// at a time.
func (s *Store) List(ctx context.Context, tenant tenancy.ID, prefix string, each func(keys []string) error) error {
	list := s.bucket.List(&blob.ListOptions{Prefix: tenantKey(tenant, prefix)})
	var keys []string
	for {
		object, err := list.Next(ctx)
		over := errors.Is(err, io.EOF)
		if err != nil && !over {
			return unavailable(err)
		}
		if !over {
			keys = append(keys, strings.TrimPrefix(object.Key, tenantKey(tenant, "")))
		}
		if len(keys) == listPage || over && len(keys) > 0 {
			if err := each(keys); err != nil {
				return err
			}
			keys = nil
		}
		if over {
			return nil
		}
	}
}

func tenantKey(tenant tenancy.ID, key string) string { return tenant.String() + "/" + key }

func unavailable(err error) error {
	if err == nil {
		return nil
	}
	return fault.Wrap(err, fault.Unavailable, "the cell's object storage does not answer; try again")
}

func ignoreCancelled(err error) error {
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}
