package cell

import (
	"context"
	"strconv"
)

// Once asks that a write takes effect once, however often its request arrives:
// the request carries an Idempotency-Key.
//
// The store executes the write and leaves it open; whoever renders the answer
// then finishes it with the answer, both in one transaction. A request that
// finds an answer gets [Replayed] instead.
type Once struct {
	Key         string // 1 to 255 visible ASCII characters
	Fingerprint []byte // SHA-256 of the request: another request under the key is refused
	Secret      string // part of the answer that is never stored; "": none
	Open        Open   // set by the store once it has executed the request
}

// Open is a write that was executed and not committed. It holds a connection
// until one of the two is called. It is an interface because nouns do not know
// the database.
type Open interface {
	// Finish stores the answer and commits: what was written, or only the
	// answer if the write was refused.
	Finish(ctx context.Context, answer Answer) error
	// Abandon takes everything back. After Finish it does nothing.
	Abandon(ctx context.Context)
}

// Answer is what a request was answered with.
type Answer struct {
	Status    int
	ETag      string
	Location  string
	MediaType string
	Body      []byte
}

// Replayed is the error of a write that had taken effect before: nothing was
// executed, and this is the answer of then.
type Replayed struct{ Answer Answer }

// Error implements error.
func (r *Replayed) Error() string {
	return "answered before with status " + strconv.Itoa(r.Answer.Status)
}
