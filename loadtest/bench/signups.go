package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/coditect/platform/deploy/local"
	"github.com/coditect/platform/loadtest/internal/figures"
)

const signUpCount = 300

type signedUp struct {
	Tenant struct {
		ID   string `json:"tenant_id"`
		Slug string `json:"slug"`
	} `json:"tenant"`
	APIKey string `json:"api_key"`
}

// signUps measures from the sign-up's request to the first answer of the new
// tenant's own API, through alternating routers.
func signUps(ctx context.Context, p *local.Platform, f *figures.Figures) error {
	latencies := hdrhistogram.New(1, int64(time.Minute/time.Microsecond), 3)
	routers := p.State().Endpoints.Routers
	for i := range signUpCount {
		router := routers[[]string{"us-central1", "europe-west1"}[i/2%2]]
		start := time.Now()
		x, err := signUp(ctx, p, "signup", i)
		if err != nil {
			return err
		}
		for status := 0; status != http.StatusOK; {
			if status, _, err = call(ctx, http.MethodGet, router.URL+"/v1/organization", x.Tenant.Slug+".localhost", x.APIKey, nil, nil); err != nil {
				return err
			}
		}
		_ = latencies.RecordValue(time.Since(start).Microseconds())
	}
	f.AtMost("signup_to_first_answer_p99", float64(latencies.ValueAtPercentile(99))/1000, "ms", 2000)
	return nil
}

func signUp(ctx context.Context, p *local.Platform, prefix string, i int) (signedUp, error) {
	slug := bulkSlug(prefix, i)
	body := fmt.Sprintf(`{"organization":"Org","slug":%q,"region":%q,"plan":"team","owner":{"name":"Owner","email":"owner@%s.example"}}`,
		slug, []string{"us-central1", "europe-west1"}[i%2], slug)
	status, answer, err := call(ctx, http.MethodPost, p.State().Endpoints.ControlPlane.URL+"/v1/signups", "", "", []byte(body),
		map[string]string{"Idempotency-Key": "bench-" + slug})
	if err == nil && status != http.StatusCreated {
		err = fmt.Errorf("sign-up: %d %s", status, answer)
	}
	var x signedUp
	if err == nil {
		err = json.Unmarshal(answer, &x)
	}
	return x, err
}
