package lookup

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/coditect/platform/router/internal/tenantcache"
	"github.com/coditect/platform/shared/directory"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/tenancy"
)

const (
	maxBatches     = 4           // requests under way
	singlyForAWhen = time.Minute // how long a control plane without batches is asked one key at a time
)

var errAnswer = errors.New("the directory's answer does not fit the question")

// batcher gathers the keys that are asked for while requests are under way into
// the next one. Nobody waits for company: as long as less than maxBatches are
// under way, a key goes at once.
type batcher struct {
	client *Client
	now    func() time.Time

	mu      sync.Mutex
	waiting []*question
	asking  int

	singly atomic.Int64 // until when, Unix nanoseconds
}

// question is one key that somebody waits for.
type question struct {
	key    directory.Key
	answer chan reply // has room for it: who asked may have left
}

type reply struct {
	answer tenantcache.Answer
	err    error
}

// lookup asks for k together with others, until ctx ends.
func (b *batcher) lookup(ctx context.Context, k directory.Key) (tenantcache.Answer, error) {
	q := &question{key: k, answer: make(chan reply, 1)}
	b.mu.Lock()
	b.waiting = append(b.waiting, q)
	if b.asking < maxBatches {
		b.asking++
		go b.ask() //nolint:contextcheck // the batch is of others too
	}
	b.mu.Unlock()
	select {
	case r := <-q.answer:
		return r.answer, r.err
	case <-ctx.Done():
		return tenantcache.Answer{}, ctx.Err()
	}
}

// ask sends batches until nobody waits.
func (b *batcher) ask() {
	for batch := b.next(); len(batch) > 0; batch = b.next() {
		b.send(batch)
	}
}

func (b *batcher) next() []*question {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := min(len(b.waiting), directory.MaxLookupKeys)
	if n == 0 {
		b.asking--
		return nil
	}
	batch := slices.Clone(b.waiting[:n])
	b.waiting = slices.Delete(b.waiting, 0, n)
	return batch
}

func (b *batcher) send(batch []*question) {
	ctx, cancel := context.WithTimeout(context.Background(), lookupTimeout)
	defer cancel()
	answer, status, err := b.post(ctx, batch)
	switch status {
	case http.StatusNotFound, http.StatusMethodNotAllowed:
		// An older control plane. Ask it again some time: it may be replaced.
		b.singly.Store(b.now().Add(singlyForAWhen).UnixNano())
		b.sendSingly(batch)
		return
	case http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnprocessableEntity:
		// One stranger's key must not spoil what others ask.
		b.sendSingly(batch)
		return
	}
	for i, q := range batch {
		switch {
		case err != nil:
			q.answer <- reply{err: err}
		case answer.Entries[i] != nil && !answers(answer.Entries[i], q.key):
			q.answer <- reply{err: errAnswer}
		default:
			q.answer <- reply{answer: tenantcache.Answer{Entry: answer.Entries[i], Version: answer.Version}}
		}
	}
}

// post returns the answer to a batch; the status says how the directory failed.
func (b *batcher) post(ctx context.Context, batch []*question) (answer directory.LookupAnswer, status int, err error) {
	request := directory.LookupRequest{Keys: make([]directory.Key, len(batch))}
	for i, q := range batch {
		request.Keys[i] = q.key
	}
	body, err := json.Marshal(request)
	if err != nil {
		return answer, 0, fmt.Errorf("directory request: %w", err)
	}
	resp, err := b.client.do(ctx, http.MethodPost, "/v1/directory/lookups", bytes.NewReader(body))
	if err != nil {
		return answer, 0, err
	}
	defer drain(resp.Body)
	if resp.StatusCode != http.StatusOK {
		return answer, resp.StatusCode, fault.ReadProblem(resp.StatusCode, resp.Header, resp.Body)
	}
	if err = decode(resp.Body, &answer); err == nil && len(answer.Entries) != len(batch) {
		err = errAnswer
	}
	return answer, resp.StatusCode, err
}

// sendSingly answers each question by a request of its own.
func (b *batcher) sendSingly(batch []*question) {
	for _, q := range batch {
		go func() {
			answer, err := b.client.lookupOne(context.Background(), q.key)
			q.answer <- reply{answer, err}
		}()
	}
}

// alone reports whether keys are asked for one at a time.
func (b *batcher) alone() bool { return b.now().UnixNano() < b.singly.Load() }

// answers reports whether the key leads to the entry: answers in a wrong order
// would send tenants to each other's data.
func answers(e *directory.Entry, k directory.Key) bool {
	switch k.Kind {
	case directory.BySlug:
		return string(e.Tenant.Slug) == k.Value
	case directory.ByDomain:
		return slices.Contains(e.Tenant.Domains, tenancy.Domain(k.Value))
	default:
		return e.Tenant.TenantID.String() == k.Value
	}
}
