package sourcecell

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"

	"github.com/coditect/platform/cell"
	api "github.com/coditect/platform/cell/api/internalapi"
	"github.com/coditect/platform/shared/fault"
)

// files implements [transfer.FileSource].
type files struct{ *source }

// Files implements [transfer.FileSource].
func (f files) Files(ctx context.Context) ([]cell.StoredFile, error) {
	body, err := f.stream(ctx, http.MethodGet, "/files", nil)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	var all []cell.StoredFile
	for lines := json.NewDecoder(body); ; {
		var line api.FileLine
		if err := lines.Decode(&line); err != nil {
			return nil, brokenOff(err)
		}
		switch {
		case line.Error != nil:
			return nil, fault.New(fault.Unavailable, "the source: %s", *line.Error).After(retryAfter)
		case line.Files != nil:
			if *line.Files != int64(len(all)) {
				return nil, fault.New(fault.BadGateway, "the source listed %d files and says that they are %d", len(all), *line.Files)
			}
			return all, nil
		case line.Key == nil || line.Bytes == nil || line.Modified == nil:
			return nil, fault.New(fault.BadGateway, "the source's list of files is not understood")
		}
		all = append(all, cell.StoredFile{Key: *line.Key, Bytes: *line.Bytes, Modified: *line.Modified})
	}
}

// brokenOff is what a list comes to that ends without having said so.
func brokenOff(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fault.Wrap(err, fault.Unavailable, "the source broke its list of files off").After(retryAfter)
	}
	return err
}

// File implements [transfer.FileSource].
func (f files) File(ctx context.Context, key string) (io.ReadCloser, error) {
	return f.stream(ctx, http.MethodGet, "/files/content?"+url.Values{"key": {key}}.Encode(), nil)
}
