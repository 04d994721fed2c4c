// Package generate sends a scenario's requests at their times and records what
// becomes of them.
//
// In an open load one goroutine, the pacer, draws arrivals and hands each over when
// its time has come; a goroutine a connection takes the next one when it has its
// answer. When all are busy arrivals wait, and their waiting counts, since latency is
// from the intended time. The pacer sleeps on a timerfd: Go's own timers are up to a
// millisecond late on an idle machine.
//
// In a closed load each user's goroutine sends, waits for the answer, thinks, and
// sends again.
package generate
