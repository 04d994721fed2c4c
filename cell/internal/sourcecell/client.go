// Package sourcecell is the target's client of the cell that a tenant comes
// from: the operations of its internal API that are tagged stream.
package sourcecell

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/coditect/platform/cell"
	api "github.com/coditect/platform/cell/api/internalapi"
	"github.com/coditect/platform/cell/internal/transfer"
	"github.com/coditect/platform/shared/cellapi"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/tracing"
)

const (
	dialTimeout   = 5 * time.Second
	answerTimeout = 30 * time.Second // until an answer begins
	callTimeout   = time.Minute      // of an operation that is no stream
	silence       = 2 * time.Minute  // a stream that says nothing for so long is dead
	retryAfter    = time.Second
)

// Cells calls other cells. It is safe for concurrent use.
type Cells struct{ http *http.Client }

// New returns a client.
func New() *Cells {
	return &Cells{http: &http.Client{
		Transport: tracing.Transport{Next: &http.Transport{
			DialContext: (&net.Dialer{Timeout: dialTimeout}).DialContext, ResponseHeaderTimeout: answerTimeout, DisableCompression: true,
		}},
		// A redirect would carry the ticket to another host.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// CloseIdle drops idle connections.
func (c *Cells) CloseIdle() { c.http.CloseIdleConnections() }

// Source returns the cell that the import comes from.
func (c *Cells) Source(i cell.Import) transfer.Source { return c.source(i) }

func (c *Cells) source(i cell.Import) *source {
	base := strings.TrimSuffix(i.SourceURL, "/") + "/internal/v1/tenants/" + i.Tenant.String() + "/exports/" + i.Migration.String()
	return &source{http: c.http, base: base, ticket: i.Ticket}
}

// Files returns the object storage of the cell that the import comes from.
func (c *Cells) Files(i cell.Import) transfer.FileSource { return files{c.source(i)} }

// source implements [transfer.Source].
type source struct {
	http         *http.Client
	base, ticket string
}

// Snapshot implements [transfer.Source].
func (s *source) Snapshot(ctx context.Context) (transfer.Offer, error) {
	var answer api.Snapshot
	err := s.call(ctx, http.MethodPost, "/snapshot", nil, &answer)
	return transfer.Offer{Snapshot: cell.Snapshot{Name: answer.Snapshot, Position: answer.Position}, Rows: answer.RowsEstimate, Bytes: answer.BytesEstimate}, err
}

// CopyTable implements [transfer.Source].
func (s *source) CopyTable(ctx context.Context, table, snapshot string, from []string) (io.ReadCloser, error) {
	query := url.Values{"snapshot": {snapshot}}
	if from != nil {
		key, err := json.Marshal(from)
		if err != nil {
			return nil, err
		}
		query.Set("from", string(key))
	}
	return s.stream(ctx, http.MethodGet, "/tables/"+url.PathEscape(table)+"?"+query.Encode(), nil)
}

// Changes implements [transfer.Source].
func (s *source) Changes(ctx context.Context, after cell.Position) (io.ReadCloser, error) {
	query := ""
	if after != 0 {
		query = "?after=" + url.QueryEscape(after.String())
	}
	return s.stream(ctx, http.MethodGet, "/changes"+query, nil)
}

// Acknowledge implements [transfer.Source].
func (s *source) Acknowledge(ctx context.Context, position cell.Position) error {
	return s.call(ctx, http.MethodPut, "/acknowledged", api.Acknowledgement{Position: position}, nil)
}

// Digests implements [transfer.Source].
func (s *source) Digests(ctx context.Context, rows []cell.TableRows, atPosition bool) (io.ReadCloser, error) {
	body := api.DigestRequest{AtPosition: &atPosition}
	if rows != nil {
		some := make([]api.TableRows, len(rows))
		for i, r := range rows {
			some[i] = api.TableRows{Table: r.Table, Keys: r.Keys}
		}
		body.Rows = &some
	}
	return s.stream(ctx, http.MethodPost, "/digests", body)
}

func (s *source) call(ctx context.Context, method, path string, in, out any) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	body, err := s.stream(ctx, method, path, in)
	if err != nil {
		return err
	}
	defer body.Close()
	if out == nil {
		_, err = io.Copy(io.Discard, body) // lets the connection be used again
	} else {
		err = json.NewDecoder(body).Decode(out)
	}
	if err != nil {
		return fault.Wrap(err, fault.Unavailable, "the source broke off its answer").After(retryAfter)
	}
	return nil
}

// stream sends a request and returns the body of its answer, which ends with ctx
// or when the source says nothing for too long.
func (s *source) stream(ctx context.Context, method, path string, in any) (io.ReadCloser, error) {
	ctx, cancel := context.WithCancel(ctx)
	req, err := s.request(ctx, method, path, in)
	if err != nil {
		cancel()
		return nil, err
	}
	resp, err := s.http.Do(req)
	if err != nil {
		cancel()
		// The error of net/http names the URL, which is no secret; the ticket stands in a header.
		return nil, fault.Wrap(err, fault.Unavailable, "the source cell did not answer").After(retryAfter)
	}
	if resp.StatusCode/100 != 2 { //nolint:mnd // the class of success
		defer cancel()
		defer resp.Body.Close()
		problem := fault.ReadProblem(resp.StatusCode, resp.Header, resp.Body)
		if problem.Code == fault.Internal {
			problem = fault.Wrap(problem, fault.BadGateway, "something went wrong at the source; its log says what")
		}
		return nil, problem
	}
	return &body{ReadCloser: resp.Body, cancel: cancel, watchdog: time.AfterFunc(silence, cancel)}, nil
}

func (s *source) request(ctx context.Context, method, path string, in any) (*http.Request, error) {
	var content io.Reader
	if in != nil {
		raw, err := json.Marshal(in)
		if err != nil {
			return nil, err
		}
		content = bytes.NewReader(raw)
	}
	req, err := http.NewRequestWithContext(ctx, method, s.base+path, content)
	if err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "the source's URL is not one")
	}
	req.Header.Set("Authorization", cellapi.TicketScheme+s.ticket)
	if in != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	return req, nil
}

// body is an answer that a watchdog ends when nothing comes. Whoever reads
// slowly does not wake it: it is put off by each read.
type body struct {
	io.ReadCloser
	cancel   context.CancelFunc
	watchdog *time.Timer
}

// Read implements [io.Reader].
func (b *body) Read(p []byte) (int, error) {
	b.watchdog.Reset(silence)
	n, err := b.ReadCloser.Read(p)
	b.watchdog.Stop()
	if err != nil && !errors.Is(err, io.EOF) {
		err = fault.Wrap(err, fault.Unavailable, "the source broke the stream off")
	}
	return n, err
}

// Close implements [io.Closer].
func (b *body) Close() error {
	b.watchdog.Stop()
	b.cancel()
	return b.ReadCloser.Close()
}
