//go:build !race

package shed_test

const raceDetector = false
