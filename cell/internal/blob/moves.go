package blob

import (
	"context"
	"errors"
	"io"
	"strings"

	"gocloud.dev/blob"
	"gocloud.dev/gcerrors"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/tenancy"
)

// Files hands the function every file of a tenant, in the order of their keys.
func (s *Store) Files(ctx context.Context, tenant tenancy.ID, each func(cell.StoredFile) error) error {
	list := s.bucket.List(&blob.ListOptions{Prefix: tenantKey(tenant, "")})
	for {
		object, err := list.Next(ctx)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return unavailable(err)
		}
		key := strings.TrimPrefix(object.Key, tenantKey(tenant, ""))
		if err := each(cell.StoredFile{Key: key, Bytes: object.Size, Modified: object.ModTime.UTC()}); err != nil {
			return err
		}
	}
}

// File returns what is known of a file, and whether there is one.
func (s *Store) File(ctx context.Context, tenant tenancy.ID, key string) (cell.StoredFile, bool, error) {
	a, err := s.bucket.Attributes(ctx, tenantKey(tenant, key))
	if gcerrors.Code(err) == gcerrors.NotFound {
		return cell.StoredFile{}, false, nil
	}
	if err != nil {
		return cell.StoredFile{}, false, unavailable(err)
	}
	return cell.StoredFile{Key: key, Bytes: a.Size, Modified: a.ModTime.UTC(), MediaType: a.ContentType}, true, nil
}

// Open opens a file, and tells what it is.
func (s *Store) Open(ctx context.Context, tenant tenancy.ID, key string) (cell.StoredFile, io.ReadCloser, error) {
	r, err := s.bucket.NewReader(ctx, tenantKey(tenant, key), nil)
	if gcerrors.Code(err) == gcerrors.NotFound {
		return cell.StoredFile{}, nil, fault.New(fault.NotFound, "the file is gone")
	}
	if err != nil {
		return cell.StoredFile{}, nil, unavailable(err)
	}
	return cell.StoredFile{Key: key, Bytes: r.Size(), Modified: r.ModTime().UTC(), MediaType: r.ContentType()}, r, nil
}

// removedAtOnce bounds the files that RemoveSome removes.
const removedAtOnce = 200

// RemoveSome removes some of a tenant's files and reports whether there may be
// more.
func (s *Store) RemoveSome(ctx context.Context, tenant tenancy.ID) (more bool, err error) {
	list := s.bucket.List(&blob.ListOptions{Prefix: tenantKey(tenant, "")})
	for range removedAtOnce {
		object, err := list.Next(ctx)
		if errors.Is(err, io.EOF) {
			return false, nil
		}
		if err == nil {
			err = s.bucket.Delete(ctx, object.Key)
		}
		if err != nil && gcerrors.Code(err) != gcerrors.NotFound {
			return false, unavailable(err)
		}
	}
	return true, nil
}
