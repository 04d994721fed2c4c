package migration

import "time"

// laps are how long each step of a write pause took, for the log: whoever asks why
// a pause was long finds the step.
type laps struct {
	at   time.Time // when the last one ended
	took []any     // names and durations in turn
}

// end ends a step. Steps of a worker that went on from another's are not known.
func (l *laps) end(step string, now time.Time) {
	if l.at.IsZero() {
		return
	}
	l.took = append(l.took, step, now.Sub(l.at))
	l.at = now
}
