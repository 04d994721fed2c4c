//go:build race

package proxy_test

// raceDetector empties pools at random, so allocations cannot be counted under it.
const raceDetector = true
