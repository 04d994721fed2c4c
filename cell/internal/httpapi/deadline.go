package httpapi

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/coditect/platform/shared/cellapi"
)

// longestRequest bounds every request, whatever the router allows.
const longestRequest = 30 * time.Second

// withDeadline ends a request's context when its client's answer is due: what
// nobody waits for any more is cancelled in the database too.
func withDeadline(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == eventsPath { // it lasts, and each of its reads has a deadline
			next.ServeHTTP(w, r)
			return
		}
		ctx, cancel := context.WithTimeout(r.Context(), timeLeft(r.Header.Get(cellapi.HeaderDeadline)))
		defer cancel()
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

// timeLeft reads the header. What is not a number of milliseconds above 0 says
// nothing: the header is not signed.
func timeLeft(header string) time.Duration {
	ms, err := strconv.ParseUint(header, 10, 32)
	if err != nil || ms == 0 {
		return longestRequest
	}
	return min(longestRequest, time.Duration(ms)*time.Millisecond)
}
