package limiter

import "context"

// exchange is where routers meet. It is an interface so that the algorithm is
// tested without Redis and without real time.
type exchange interface {
	// Exchange announces this router and hands in its reports. It fills
	// replies, one for each report, and returns how many routers there are.
	// With an error, replies that are marked answered hold nevertheless.
	Exchange(ctx context.Context, reports []report, replies []reply) (routers int, err error)
}

// report is what one router tells of one key.
type report struct {
	key      Key
	rate     float64 // of the limit: how fast the common meter leaks
	admitted float64 // to add to the common meter
	attempts float64 // to add to the common demand
	// What the router thinks they should be in all. A ledger that has forgotten
	// the key begins with these.
	usedByAll, attemptsByAll float64
	// The router was cut off and counted alone. Perhaps all were, and the ledger
	// heard of nobody: its meters are no lower than these estimates.
	alone bool
}

// reply is what the ledger then knows of that key.
type reply struct {
	answered bool
	used     float64 // the common meter; negative: see timing.slack
	attempts float64 // the common demand, fading with timing.memory
}
