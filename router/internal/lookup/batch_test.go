package lookup_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coditect/platform/router/internal/lookup"
	"github.com/coditect/platform/shared/directory"
	"github.com/coditect/platform/shared/fault"
	"github.com/coditect/platform/shared/tenancy"
	"github.com/coditect/platform/shared/testkit"
)

// controlPlane answers lookups: of slugs that begin with "t", by batches and
// singly.
type controlPlane struct {
	*httptest.Server
	mu       sync.Mutex
	batches  []int // sizes
	single   int
	noBatch  int           // the status instead of an answer
	reversed bool          // answers come in a wrong order
	gate     chan struct{} // nil, or every batch waits for it
	arrived  chan struct{} // told of every batch before it waits
}

func newControlPlane(t *testing.T) *controlPlane {
	t.Helper()
	c := &controlPlane{arrived: make(chan struct{}, 1000)}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/directory/lookup", c.one)
	mux.HandleFunc("POST /v1/directory/lookups", c.many)
	c.Server = httptest.NewServer(mux)
	t.Cleanup(c.Close)
	return c
}

func entry(k directory.Key) *directory.Entry {
	if k.Kind != directory.BySlug || !strings.HasPrefix(k.Value, "t") {
		return nil
	}
	return &directory.Entry{
		Tenant: directory.Assignment{TenantID: tenancy.NewID(), Slug: tenancy.Slug(k.Value), Cell: "cell-a", State: directory.Active, Version: 3},
		Cell:   directory.Cell{ID: "cell-a", Version: 1},
	}
}

func (c *controlPlane) one(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	c.single++
	c.mu.Unlock()
	w.Header().Set("Directory-Version", "9")
	e := entry(directory.Key{Kind: directory.KeyKind(r.URL.Query().Get("kind")), Value: r.URL.Query().Get("value")})
	if e == nil {
		w.WriteHeader(http.StatusNotFound)
		_, _ = w.Write([]byte(`{"code":"unknown_tenant"}`))
		return
	}
	_ = json.NewEncoder(w).Encode(e)
}

func (c *controlPlane) many(w http.ResponseWriter, r *http.Request) {
	var request directory.LookupRequest
	if err := json.NewDecoder(r.Body).Decode(&request); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	c.mu.Lock()
	c.batches = append(c.batches, len(request.Keys))
	status, gate, reversed := c.noBatch, c.gate, c.reversed
	c.mu.Unlock()
	c.arrived <- struct{}{}
	if gate != nil {
		<-gate
	}
	if status != 0 {
		w.WriteHeader(status)
		return
	}
	answer := directory.LookupAnswer{Version: 9, Entries: make([]*directory.Entry, len(request.Keys))}
	for i, k := range request.Keys {
		if reversed {
			i = len(request.Keys) - 1 - i
		}
		answer.Entries[i] = entry(k)
	}
	_ = json.NewEncoder(w).Encode(answer)
}

func (c *controlPlane) asked() (batches []int, single int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append(batches, c.batches...), c.single
}

func slug(s string) directory.Key { return directory.Key{Kind: directory.BySlug, Value: s} }

// check asks for a key and compares the answer with what it must be.
func check(ctx context.Context, client *lookup.Client, name string) error {
	a, err := client.Lookup(ctx, slug(name))
	switch found := strings.HasPrefix(name, "t"); {
	case err != nil:
		return err
	case found != (a.Entry != nil) || a.Version != 9 || found && string(a.Entry.Tenant.Slug) != name:
		return fmt.Errorf("%s: %+v", name, a)
	}
	return nil
}

// occupy holds as many batches at the control plane as may be under way.
func (c *controlPlane) occupy(t *testing.T, client *lookup.Client, asked *sync.WaitGroup) {
	t.Helper()
	for i := range 4 {
		asked.Go(func() {
			if err := check(t.Context(), client, fmt.Sprintf("t-first-%d", i)); err != nil {
				t.Error(err)
			}
		})
		<-c.arrived // alone: nobody waits for company
	}
}

func TestWhatIsAskedMeanwhileGoesTogether(t *testing.T) {
	t.Parallel()
	server := newControlPlane(t)
	server.gate = make(chan struct{})
	client := lookup.NewClient(server.URL, "token")
	var asked sync.WaitGroup
	server.occupy(t, client, &asked)
	for i := range 300 {
		asked.Go(func() {
			if err := check(t.Context(), client, fmt.Sprintf("%c-%d", "tn"[i%2], i)); err != nil {
				t.Error(err)
			}
		})
	}
	testkit.Eventually(t, "300 keys to wait", func() bool { return client.Waiting() == 300 })
	close(server.gate)
	asked.Wait()
	batches, single := server.asked()
	if sum := batches[4] + batches[5]; len(batches) != 6 || max(batches[4], batches[5]) != directory.MaxLookupKeys || sum != 300 || single != 0 {
		t.Errorf("batches of %v keys, %d single ones", batches, single)
	}
}

func TestWhoLeavesDoesNotWait(t *testing.T) {
	t.Parallel()
	server := newControlPlane(t)
	server.gate = make(chan struct{})
	client := lookup.NewClient(server.URL, "token")
	var asked sync.WaitGroup
	server.occupy(t, client, &asked)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := client.Lookup(ctx, slug("t-late")); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	close(server.gate)
	asked.Wait()
}

func TestAnswersInAWrongOrderAreNotBelieved(t *testing.T) {
	t.Parallel()
	server := newControlPlane(t)
	server.gate, server.reversed = make(chan struct{}), true
	client := lookup.NewClient(server.URL, "token")
	var asked sync.WaitGroup
	server.occupy(t, client, &asked) // batches of one have one order
	var refused atomic.Int32
	for i := range 10 {
		asked.Go(func() {
			if _, err := client.Lookup(t.Context(), slug(fmt.Sprintf("t-%d", i))); err != nil {
				refused.Add(1)
			}
		})
	}
	testkit.Eventually(t, "10 keys to wait", func() bool { return client.Waiting() == 10 })
	close(server.gate)
	asked.Wait()
	if refused.Load() != 10 {
		t.Errorf("%d of 10 refused", refused.Load())
	}
}

func TestAControlPlaneWithoutBatches(t *testing.T) {
	t.Parallel()
	for _, status := range []int{http.StatusNotFound, http.StatusMethodNotAllowed} {
		server := newControlPlane(t)
		server.noBatch = status
		client := lookup.NewClient(server.URL, "token")
		now := time.Now()
		client.SetNow(func() time.Time { return now })
		for _, name := range []string{"t-1", "t-2", "nobody"} {
			if err := check(t.Context(), client, name); err != nil {
				t.Error(err)
			}
		}
		if batches, single := server.asked(); len(batches) != 1 || single != 3 {
			t.Errorf("%d: %d batches, %d single", status, len(batches), single)
		}
		now = now.Add(2 * time.Minute) // the control plane was replaced
		server.mu.Lock()
		server.noBatch = 0
		server.mu.Unlock()
		if err := check(t.Context(), client, "t-3"); err != nil {
			t.Error(err)
		}
		if batches, single := server.asked(); len(batches) != 2 || single != 3 {
			t.Errorf("%d: %d batches, %d single in the end", status, len(batches), single)
		}
	}
}

func TestARefusedBatchIsAskedSingly(t *testing.T) {
	t.Parallel()
	server := newControlPlane(t)
	server.noBatch = http.StatusBadRequest
	client := lookup.NewClient(server.URL, "token")
	for range 2 { // and the next one is a batch again
		if err := check(t.Context(), client, "t-1"); err != nil {
			t.Error(err)
		}
	}
	if batches, single := server.asked(); len(batches) != 2 || single != 2 {
		t.Errorf("%d batches, %d single", len(batches), single)
	}
}

func TestAFailedBatchFailsItsKeys(t *testing.T) {
	t.Parallel()
	server := newControlPlane(t)
	server.noBatch = http.StatusServiceUnavailable
	client := lookup.NewClient(server.URL, "token")
	if _, err := client.Lookup(t.Context(), slug("t-1")); fault.CodeOf(err) != fault.Unavailable {
		t.Errorf("refused: %v", err)
	}
	server.Close()
	if _, err := client.Lookup(t.Context(), slug("t-1")); err == nil {
		t.Error("nobody answered, but there is an answer")
	}
}
