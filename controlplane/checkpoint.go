package controlplane

import (
	"fmt"
	"time"

	"github.com/coditect/platform/shared/cellapi"
)

// KeptCheckpoint is the newest checkpoint of a tenant's audit log that was
// handed out by the tenant's cell, and what the control plane noticed.
type KeptCheckpoint struct {
	cellapi.Checkpoint           // No is 0: none was ever handed out
	KeptAt             time.Time // when it was fetched
	Suspicion          string    // why the log may have been cut off; "": no reason
	SuspectedAt        time.Time
}

// clockSlack is how far the clocks of two cells may be apart.
const clockSlack = 10 * time.Minute

// Take judges a checkpoint that the tenant's cell hands out, keeps it if it is
// newer, and reports whether anything changed. They come in the order in which
// they were signed, perhaps more than once. The checkpoints of a log that only
// grows have rising numbers and places, and each names the one before.
func (k *KeptCheckpoint) Take(c cellapi.Checkpoint, now time.Time) (changed bool) {
	suspicion := ""
	switch {
	case k.No == 0:
	case c.No == k.No && c.Digest() != k.Digest():
		suspicion = fmt.Sprintf("there is another checkpoint with the number %d", c.No)
	case c.No < k.No && c.SignedAt.After(k.SignedAt.Add(clockSlack)):
		suspicion = fmt.Sprintf("checkpoint %d was signed long after number %d: the log was cut off and goes on", c.No, k.No)
	case c.No > k.No && c.Seq <= k.Seq:
		suspicion = fmt.Sprintf("checkpoint %d covers no more than number %d: the log was cut off", c.No, k.No)
	case c.No == k.No+1 && c.Previous != k.Digest():
		suspicion = fmt.Sprintf("checkpoint %d follows another one than number %d", c.No, k.No)
	}
	if suspicion != "" {
		changed = k.Suspicion == ""
		if changed { // the first one stays: it says since when
			k.Suspicion, k.SuspectedAt = suspicion, now
		}
		return changed // and the kept one stays, as evidence
	}
	if c.No > k.No {
		k.Checkpoint, k.KeptAt, changed = c, now, true
	}
	return changed
}

// AuditReport is what a verification of a tenant's audit log found.
type AuditReport struct {
	Intact      bool           `json:"intact"`
	Entries     int64          `json:"entries"` // that have a place in the chain
	Pending     int64          `json:"pending"` // that have none yet
	Checkpoints int64          `json:"checkpoints"`
	SignedTo    int64          `json:"signed_to"`
	Findings    []AuditFinding `json:"findings"`
	Against     KeptCheckpoint `json:"-"` // No is 0: nothing was kept to compare with
}

// AuditFinding is one trace of tampering.
type AuditFinding struct {
	Kind       string `json:"kind"`
	Message    string `json:"message"`
	Seq        int64  `json:"seq,omitempty"`
	Checkpoint int64  `json:"checkpoint,omitempty"`
}
