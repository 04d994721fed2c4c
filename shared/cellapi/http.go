package cellapi

import (
	"net/http"
	"strconv"
	"time"
)

// SignRequest signs a net/http request for a cell's internal door. The request
// id must already stand in its header.
func (s *Signer) SignRequest(r *http.Request, now time.Time) {
	c := claimsOf(r, now.Unix())
	r.Header.Set(HeaderTimestamp, strconv.FormatInt(c.Timestamp, 10))
	r.Header.Set(HeaderSignature, string(s.Append(nil, &c)))
}

// VerifyRequest checks the signature of a request that a cell received at
// either door.
func (s *Signer) VerifyRequest(r *http.Request, now time.Time) error {
	timestamp, err := strconv.ParseInt(r.Header.Get(HeaderTimestamp), 10, 64)
	if err != nil {
		return ErrSignature
	}
	c := claimsOf(r, timestamp)
	if text := r.Header.Get(HeaderTenantEpoch); text != "" {
		if c.Epoch, err = strconv.ParseUint(text, 10, 64); err != nil {
			return ErrSignature
		}
	}
	return s.Verify(r.Header.Get(HeaderSignature), &c, now)
}

func claimsOf(r *http.Request, timestamp int64) Claims {
	return Claims{
		Method: []byte(r.Method), Target: []byte(requestTarget(r)), TenantID: []byte(r.Header.Get(HeaderTenantID)),
		RequestID: []byte(r.Header.Get(HeaderRequestID)), Principal: []byte(r.Header.Get(HeaderPrincipal)), Timestamp: timestamp,
	}
}

// requestTarget is the target as it stood (server) or will stand (client) on
// the request line.
func requestTarget(r *http.Request) string {
	if r.RequestURI != "" {
		return r.RequestURI
	}
	return r.URL.RequestURI()
}
