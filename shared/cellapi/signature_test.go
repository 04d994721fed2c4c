package cellapi_test

import (
	"errors"
	"net/http/httptest"
	"strconv"
	"testing"
	"time"

	"github.com/coditect/platform/shared/cellapi"
)

func claims(now time.Time) cellapi.Claims {
	return cellapi.Claims{
		Method: []byte("GET"), Target: []byte("/v1/projects?x=1"), TenantID: []byte("t"), Epoch: 3,
		RequestID: []byte("r"), Principal: []byte("p"), Timestamp: now.Unix(),
	}
}

func TestEveryClaimIsSigned(t *testing.T) {
	t.Parallel()
	now := time.Now()
	signer := cellapi.NewSigner(cellapi.DeriveKey([]byte("master"), "cell-a"))
	c := claims(now)
	signature := string(signer.Append(nil, &c))
	if err := signer.Verify(signature, &c, now); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*cellapi.Claims){
		"method": func(c *cellapi.Claims) { c.Method = []byte("PUT") }, "target": func(c *cellapi.Claims) { c.Target = []byte("/") },
		"tenant": func(c *cellapi.Claims) { c.TenantID = []byte("u") }, "epoch": func(c *cellapi.Claims) { c.Epoch++ },
		"request": func(c *cellapi.Claims) { c.RequestID = nil }, "principal": func(c *cellapi.Claims) { c.Principal = []byte("root") },
		"time":  func(c *cellapi.Claims) { c.Timestamp++ },
		"shift": func(c *cellapi.Claims) { c.Method, c.Target = []byte("GET\n/v1/projects?x=1"), nil },
	} {
		altered := claims(now)
		change(&altered)
		if err := signer.Verify(signature, &altered, now); !errors.Is(err, cellapi.ErrSignature) {
			t.Errorf("%s altered: %v", name, err)
		}
	}
	other := cellapi.NewSigner(cellapi.DeriveKey([]byte("master"), "cell-b"))
	if err := other.Verify(signature, &c, now); !errors.Is(err, cellapi.ErrSignature) {
		t.Errorf("another cell's key: %v", err)
	}
	for _, late := range []time.Duration{2 * time.Minute, -2 * time.Minute} {
		if err := signer.Verify(signature, &c, now.Add(late)); !errors.Is(err, cellapi.ErrSkew) {
			t.Errorf("at %s: %v", late, err)
		}
	}
	for _, bad := range []string{"", "v1=", signature[:len(signature)-1], "v2=" + signature[3:], signature[:len(signature)-1] + "g"} {
		if err := signer.Verify(bad, &c, now); !errors.Is(err, cellapi.ErrSignature) {
			t.Errorf("signature %q: %v", bad, err)
		}
	}
}

func TestHTTPAndClaimsAgree(t *testing.T) {
	t.Parallel()
	now := time.Now()
	signer := cellapi.NewSigner([]byte("key"))
	r := httptest.NewRequest("GET", "/v1/projects?x=1", nil)
	r.Header.Set(cellapi.HeaderTenantID, "t")
	r.Header.Set(cellapi.HeaderTenantEpoch, "3")
	r.Header.Set(cellapi.HeaderRequestID, "r")
	r.Header.Set(cellapi.HeaderPrincipal, "p")
	c := claims(now)
	r.Header.Set(cellapi.HeaderTimestamp, strconv.FormatInt(c.Timestamp, 10))
	r.Header.Set(cellapi.HeaderSignature, string(signer.Append(nil, &c)))
	if err := signer.VerifyRequest(r, now); err != nil {
		t.Fatal(err)
	}
	r.RequestURI = "/v1/projects?x=2"
	if err := signer.VerifyRequest(r, now); err == nil {
		t.Fatal("another target was accepted")
	}
}

func TestSigningAllocatesNothing(t *testing.T) {
	signer, now := cellapi.NewSigner([]byte("key")), time.Now()
	c := claims(now)
	buf := make([]byte, 0, cellapi.SignatureLength)
	if n := testing.AllocsPerRun(100, func() { buf = signer.Append(buf[:0], &c) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
