package limiter

import (
	"math"

	"github.com/coditect/platform/shared/directory"
)

// bounds is a limit in the units that accounts work with. A rate of 0 means
// that the rate is not limited.
type bounds struct {
	rate  float64 // requests a second
	burst float64 // requests at once, at least 1
}

func boundsOf(limit *directory.Limit) bounds {
	if !(limit.PerSecond > 0) || math.IsInf(limit.PerSecond, 1) { // written so that NaN is no limit either
		return bounds{}
	}
	burst := float64(limit.Burst)
	if limit.Burst <= 0 {
		burst = math.Floor(limit.PerSecond)
	}
	return bounds{rate: limit.PerSecond, burst: max(1, burst)}
}

func unlimited(limit *directory.Limit) bool {
	return limit == nil || boundsOf(limit).rate == 0 && limit.Concurrent <= 0
}
