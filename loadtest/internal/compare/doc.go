// Package compare says what differs between two runs, and whether it is more than
// chance.
//
// Requests of one second resemble each other, so they are no independent samples; a
// test over single requests would find every difference significant. The unit is
// the window: each side's windows are drawn anew with replacement, many times, and
// the ratio of the two sides' figures is taken each time (a bootstrap over blocks). A
// difference is significant if the middle 95 % of the ratios leave out 1.
package compare
