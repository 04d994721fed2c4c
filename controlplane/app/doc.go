// Package app puts the control plane together: it is the only place that knows
// every part. A test can run the whole program with [Run] on port 0.
package app
