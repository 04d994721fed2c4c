// Package loadgen sends requests over a fixed number of connections and checks
// every answer. It is one thread over epoll, so that on two processors its own
// work leaves the measured program one to itself.
//
// A closed loop ([Closed]) sends on each connection as soon as the last answer
// is there: it finds out how fast the other side is. An open loop ([Open]) sends
// at a constant rate whatever comes back, and counts each latency from the time
// at which the request should have been sent, so that a stall counts for every
// request that it delays (no coordinated omission).
package loadgen
