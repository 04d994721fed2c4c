package authn_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coditect/platform/shared/authn"
	"github.com/coditect/platform/shared/authn/authntest"
	"github.com/coditect/platform/shared/fault"
)

func asFault(err error, f **fault.Error) bool { return errors.As(err, f) }

// hanging answers the first request, and then never again.
type hanging struct {
	document string
	asked    atomic.Int32
}

func (h *hanging) RoundTrip(r *http.Request) (*http.Response, error) {
	if h.asked.Add(1) > 1 {
		<-r.Context().Done()
		return nil, r.Context().Err()
	}
	return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(strings.NewReader(h.document)), Request: r}, nil
}

// In a bubble of its own time, since the bounds are of seconds.
func TestWaitingIsBounded(t *testing.T) {
	t.Parallel()
	key, stranger := newKey(t, "EdDSA", "k"), newKey(t, "EdDSA", "new")
	synctest.Test(t, func(t *testing.T) {
		transport := &hanging{document: string(authntest.JWKS(key))}
		v, err := authn.New(authn.Options{
			Issuer: authntest.Name, Audience: authntest.Audience, JWKSURL: "http://issuer.test/", HTTP: &http.Client{Transport: transport},
		})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- v.Run(ctx) }()
		synctest.Wait()
		time.Sleep(time.Minute) //nolint:forbidigo // the bubble's time, not the test's
		token := mint(t, stranger, authntest.Token{})
		asked := time.Now()
		short, end := context.WithTimeout(ctx, authn.MaxWait/4)
		if _, err := v.Verify(short, token); fault.CodeOf(err) != fault.Unavailable || time.Since(asked) != authn.MaxWait/4 {
			t.Errorf("a request that ended: %v after %s", err, time.Since(asked))
		}
		end()
		const requests = authn.MaxWaiting + 50
		answers := make(chan time.Duration, requests)
		began := time.Now()
		for range requests {
			go func() {
				if _, err := v.Verify(ctx, token); fault.CodeOf(err) != fault.Unavailable {
					t.Errorf("%v", err)
				}
				answers <- time.Since(began)
			}()
		}
		synctest.Wait()
		if n := len(answers); n != requests-authn.MaxWaiting {
			t.Errorf("%d requests were told to come back at once", n)
		}
		for range requests {
			if waited := <-answers; waited != 0 && waited != authn.MaxWait {
				t.Errorf("waited %s", waited)
			}
		}
		if n := transport.asked.Load(); n != 2 {
			t.Errorf("%d fetches", n)
		}
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		time.Sleep(time.Minute) //nolint:forbidigo // the bubble's time
		if _, err := v.Verify(t.Context(), token); fault.CodeOf(err) != fault.Unauthenticated {
			t.Errorf("after Run ended: %v", err)
		}
	})
}
