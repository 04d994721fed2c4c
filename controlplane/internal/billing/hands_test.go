package billing_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/coditect/platform/controlplane"
	"github.com/coditect/platform/controlplane/internal/postgres"
	"github.com/coditect/platform/shared/tenancy"
)

// What people do at Stripe itself, past this platform.

func (w *world) call(t testing.TB, method, path string, params url.Values) []byte {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, w.url+path, strings.NewReader(params.Encode()))
	must(t, err)
	req.Header.Set("Authorization", "Bearer "+apiKey)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := http.DefaultClient.Do(req)
	must(t, err)
	defer resp.Body.Close()
	var raw json.RawMessage
	must(t, json.NewDecoder(resp.Body).Decode(&raw))
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("%s %s: %s", method, path, raw)
	}
	return raw
}

func (w *world) open(t testing.TB, id tenancy.ID) (ids []string) {
	t.Helper()
	invoices, err := w.desk.Invoices(t.Context(), id, 100)
	must(t, err)
	for _, v := range invoices {
		if v.Status == "open" {
			ids = append(ids, v.ID)
		}
	}
	return ids
}

func (w *world) pay(t testing.TB, invoice string) {
	t.Helper()
	w.call(t, http.MethodPost, "/v1/invoices/"+invoice+"/pay", nil)
}

func (w *world) charges(t testing.TB) (ids []string) {
	t.Helper()
	var list struct {
		Data []struct {
			ID string `json:"id"`
		} `json:"data"`
	}
	must(t, json.Unmarshal(w.call(t, http.MethodGet, "/v1/charges", nil), &list))
	for _, c := range list.Data {
		ids = append(ids, c.ID)
	}
	return ids
}

func (w *world) refund(t testing.TB, charge string, amount int) {
	t.Helper()
	w.call(t, http.MethodPost, "/v1/refunds", url.Values{"charge": {charge}, "amount": {strconv.Itoa(amount)}})
}

func (w *world) update(t testing.TB, next controlplane.Tenant) (controlplane.Tenant, error) {
	t.Helper()
	return postgres.TenantStore{DB: w.db}.Update(t.Context(), next, "test")
}
