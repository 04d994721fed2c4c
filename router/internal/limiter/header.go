package limiter

import (
	"math"
	"strconv"
	"time"

	"github.com/coditect/platform/shared/directory"
)

// The fields of draft-ietf-httpapi-ratelimit-headers-10 are structured fields
// (RFC 9651): lists whose members are a policy's name with parameters. The
// functions here append one member, and nothing where the rate is not limited.

// AppendRateLimit appends the RateLimit field's member for a verdict: what
// remains, and the seconds until all of it is there again.
//
//	"default";r=50;t=30
func AppendRateLimit(dst []byte, name string, v *Verdict) []byte {
	if v.Limit == 0 {
		return dst
	}
	dst = appendString(dst, name)
	dst = append(dst, ";r="...)
	dst = strconv.AppendInt(dst, int64(v.Remaining), 10)
	dst = append(dst, ";t="...)
	return strconv.AppendInt(dst, wholeSeconds(v.Reset), 10)
}

// AppendPolicy appends the RateLimit-Policy field's member for a limit: as many
// requests as its burst, in the seconds that refill it.
//
//	"default";q=100;w=10
func AppendPolicy(dst []byte, name string, limit *directory.Limit) []byte {
	if limit == nil {
		return dst
	}
	b := boundsOf(limit)
	if b.rate == 0 {
		return dst
	}
	window := max(1, math.Round(b.burst/b.rate)) // the draft wants whole seconds
	dst = appendString(dst, name)
	dst = append(dst, ";q="...)
	dst = strconv.AppendInt(dst, max(1, int64(math.Round(b.rate*window))), 10)
	dst = append(dst, ";w="...)
	return strconv.AppendInt(dst, int64(window), 10)
}

// AppendRetryAfter appends the Retry-After field's value for a refusal: whole
// seconds, at least one.
func AppendRetryAfter(dst []byte, v *Verdict) []byte {
	return strconv.AppendInt(dst, max(1, wholeSeconds(v.RetryAfter)), 10)
}

func wholeSeconds(d time.Duration) int64 { return int64((d + time.Second - 1) / time.Second) }

// appendString appends a structured field's string. What such a string cannot
// hold becomes an underscore.
func appendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case c < 0x20 || c > 0x7e:
			dst = append(dst, '_')
		default:
			dst = append(dst, c)
		}
	}
	return append(dst, '"')
}
