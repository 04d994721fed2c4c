//go:build race

package shed_test

// raceDetector switches simulations off: they are long, and have one goroutine.
const raceDetector = true
