// Package capacity finds the highest rate that meets every objective, and fits a
// law to how throughput grows. It is pure: who asks for a trial sends the load.
//
// The search doubles the rate until an objective is missed, halves the interval
// until it is narrow, and confirms the result by a longer soak at 90 % of it. A trial that
// failed is made once more before it counts, since a stall of the machine looks like
// a limit.
//
// The Universal Scalability Law says that N users at once bring
//
//	X(N) = λN / (1 + σ(N-1) + κN(N-1))
//
// λ is what one brings, σ the share that cannot be done at the same time, κ what
// users cost each other. It is fitted to N/X, which is linear in 1/λ, σ/λ and κ/λ, by
// least squares of relative errors.
package capacity
