package limiter

import "time"

// timing holds the periods of the algorithm in seconds. All follow from the
// interval between exchanges.
type timing struct {
	interval float64
	horizon  float64 // how far ahead demand and supply are compared: until the next exchange surely took effect
	memory   float64 // time constant of measured demand
	viewAge  float64 // after it, a view says nothing of what others do now
	slack    float64 // refill that a full bucket still takes, for reports that come late
	lost     int64   // ns without an exchange after which a router counts as cut off
}

func timingOf(interval time.Duration) timing {
	s := interval.Seconds()
	return timing{
		interval: s, horizon: 2 * s, memory: 3 * s, viewAge: lostAfterIntervals * s, slack: 2 * s,
		lost: lostAfterIntervals * interval.Nanoseconds(),
	}
}

// seconds between two instants of the limiter's clock. Callers may be out of
// order by a little; time never runs backwards for an account.
func seconds(from, to int64) float64 {
	if to <= from {
		return 0
	}
	return float64(to-from) / 1e9
}
