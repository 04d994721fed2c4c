package holder_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/coditect/platform/loadtest/benchrouter/internal/holder"
	"github.com/coditect/platform/loadtest/benchrouter/internal/workload"
)

// TestMain is the helper when the test starts its own program as one.
func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == holder.Role {
		if err := holder.Serve(context.Background(), os.Args[2], os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// router answers as the right cell would, but not for the tenant that it does
// not know.
func router(t *testing.T, unknown int) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		tenant, err := strconv.Atoi(r.Host[len("org-"):len("org-0000000")])
		if err != nil {
			t.Errorf("host %s", r.Host)
		}
		if tenant == unknown {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		_, _ = w.Write(workload.AppendAnswer(nil, workload.CellOf(tenant), []byte(r.Host), []byte(workload.ID(tenant).String())))
	}))
	t.Cleanup(server.Close)
	return server.Listener.Addr().String()
}

func TestHelpersHoldAndAsk(t *testing.T) {
	t.Parallel()
	to := router(t, 33)
	h, err := holder.Start([]holder.Part{{To: to, From: "127.0.4.1", First: 0, Count: 20}, {To: to, From: "127.0.4.2", First: 20, Count: 30}})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		requests, wrong, first, err := h.Ask()
		if err != nil || requests != 50 || wrong != 1 || !strings.Contains(first, "404") {
			t.Errorf("%d requests, %d wrong (%s), %v", requests, wrong, first, err)
		}
	}
	if err := h.Close(); err != nil {
		t.Error(err)
	}
}

func TestHelperThatCannotConnect(t *testing.T) {
	t.Parallel()
	h, err := holder.Start([]holder.Part{{To: "127.0.0.1:1", From: "127.0.4.3", Count: 1}})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, _, err := h.Ask(); err == nil {
		t.Error("nobody listens, and all was well")
	}
	if err := h.Close(); err == nil {
		t.Error("the helper's failure is not reported")
	}
}
