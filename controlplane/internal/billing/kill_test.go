package billing_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strconv"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/controlplane/internal/billing"
	"github.com/coditect/platform/controlplane/internal/postgres"
	"github.com/coditect/platform/controlplane/internal/stripe"
	"github.com/coditect/platform/shared/pg"
	"github.com/coditect/platform/shared/plans"
	"github.com/coditect/platform/shared/run"
	"github.com/coditect/platform/shared/tenancy"
	"github.com/coditect/platform/shared/testkit"
)

// What the worker is told, by environment.
const (
	workerDatabase = "BILLING_TEST_DATABASE"
	workerStripe   = "BILLING_TEST_STRIPE"
	workerCells    = "BILLING_TEST_CELLS"
	workerAhead    = "BILLING_TEST_AHEAD" // of the clock, in seconds
)

// worker collects and tells usage until it is killed: the same loops as the
// program's, without a pause.
func worker() {
	ctx := context.Background()
	pool, err := pg.Open(ctx, os.Getenv(workerDatabase), pg.PoolOptions{MaxConns: 6})
	if err != nil {
		panic(err)
	}
	ahead, _ := strconv.Atoi(os.Getenv(workerAhead))
	clock := func() time.Time { return time.Now().Add(time.Duration(ahead) * time.Second) }
	ledger, metrics := postgres.UsageStore{DB: postgres.New(pool, clock)}, billing.NewMetrics(prometheus.NewRegistry())
	client := stripe.New(stripe.Options{Key: apiKey, URL: os.Getenv(workerStripe)})
	cells := remote(os.Getenv(workerCells))
	collector := billing.Collector{Cells: cells, Records: cells, Ledger: ledger, Offered: plans.Default(), Metrics: metrics}
	teller := billing.Teller{Ledger: ledger, Stripe: stripe.NewMeters(client), Metrics: metrics, Clock: clock}
	loop := run.Loop{Name: "usage", Interval: time.Millisecond, MaxPause: 10 * time.Millisecond, Log: slog.New(slog.DiscardHandler)}
	go func() { _ = loop.Run(ctx, teller.RunOnce) }()
	_ = loop.Run(ctx, collector.RunOnce)
}

// remote reads the records of the test's own process.
type remote string

func (r remote) All(context.Context) ([]controlplane.Cell, error) {
	return []controlplane.Cell{{ID: "cell-a"}}, nil
}

func (r remote) UsageHeads(_ context.Context, _ string, after controlplane.UsageHead, _ int) (heads []controlplane.UsageHead, err error) {
	if !after.Tenant.IsZero() {
		return nil, nil
	}
	return heads, r.ask("/heads", controlplane.UsageHead{}, &heads)
}

func (r remote) UsageRows(_ context.Context, _ string, after controlplane.UsageHead, _ int) (rows []controlplane.UsageRow, err error) {
	return rows, r.ask("/rows", after, &rows)
}

func (r remote) ask(path string, after controlplane.UsageHead, out any) error {
	query := "?tenant=" + after.Tenant.String() + "&epoch=" + strconv.FormatUint(after.Epoch, 10) + "&after=" + strconv.FormatInt(after.Sequence, 10)
	resp, err := http.Get(string(r) + path + query)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	return json.NewDecoder(resp.Body).Decode(out)
}

// serve answers a worker's questions.
func (r *records) serve(t *testing.T) string {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("/heads", func(w http.ResponseWriter, q *http.Request) {
		heads, _ := r.UsageHeads(q.Context(), "", controlplane.UsageHead{}, 0)
		_ = json.NewEncoder(w).Encode(heads)
	})
	mux.HandleFunc("/rows", func(w http.ResponseWriter, q *http.Request) {
		id, _ := tenancy.ParseID(q.FormValue("tenant"))
		epoch, _ := strconv.ParseUint(q.FormValue("epoch"), 10, 64)
		after, _ := strconv.ParseInt(q.FormValue("after"), 10, 64)
		rows, _ := r.UsageRows(q.Context(), "", controlplane.UsageHead{Tenant: id, Epoch: epoch, Sequence: after}, 50)
		_ = json.NewEncoder(w).Encode(rows)
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server.URL
}

// A process that is killed again and again, wherever it happens to be, has told
// Stripe of everything once when the last one is done.
func TestKilledAgainAndAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Advance(time.Since(w.Now())) // the worker has the machine's time
	used, customers := newRecords(), map[tenancy.ID]string{}
	for i := range 8 {
		id, customer := w.subscribed(t, "shop-"+strconv.Itoa(i), "team", false)
		customers[id] = customer
	}
	cells, random := used.serve(t), rand.New(rand.NewPCG(7, 7))
	ahead := 0
	begin := func() *exec.Cmd {
		cmd := exec.CommandContext(t.Context(), os.Args[0])
		cmd.Env = append(os.Environ(), workerDatabase+"="+w.dsn, workerStripe+"="+w.url, workerCells+"="+cells, workerAhead+"="+strconv.Itoa(ahead))
		must(t, cmd.Start())
		return cmd
	}
	const kills = 12
	sent := w.Requests()["POST /v1/billing/meter_events"]
	for range kills {
		for id := range customers {
			for _, metric := range []string{"api_calls", "jobs_done"} {
				used.add(id, 1, metric, 1+random.Int64N(1000))
			}
		}
		process := begin()
		after := sent + 1 + random.IntN(8)
		testkit.Eventually(t, "it to be at work", func() bool { return w.Requests()["POST /v1/billing/meter_events"] >= after })
		must(t, process.Process.Kill())
		_ = process.Wait()
		sent = w.Requests()["POST /v1/billing/meter_events"]
		ahead += 180 // past the leases, and into another minute
		w.Advance(3 * time.Minute)
	}
	last := begin()
	testkit.Eventually(t, "everything to be told", func() bool {
		for id, customer := range customers {
			for meter, want := range used.sums[id] {
				if got, _ := w.Used(customer, billing.EventName(meter)); got < want {
					return false
				}
			}
		}
		return true
	})
	must(t, last.Process.Kill())
	_ = last.Wait()
	for id, customer := range customers {
		for meter, want := range used.sums[id] {
			if got, _ := w.Used(customer, billing.EventName(meter)); got != want {
				t.Errorf("%s: Stripe counted %d, %d were used", meter, got, want)
			}
		}
	}
}
