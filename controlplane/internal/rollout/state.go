package rollout

import (
	"regexp"
	"time"
)

// Phase is how far a rollout is.
type Phase string

// The phases.
const (
	Applying  Phase = "applying"
	Baking    Phase = "baking"
	Reverting Phase = "reverting"
	Done      Phase = "done"
	Reverted  Phase = "reverted"
)

// Over says that nothing is left to do.
func (p Phase) Over() bool { return p == Done || p == Reverted }

// CellPhase is what is known of the version in a cell.
type CellPhase string

// The phases of a cell.
const (
	CellPending   CellPhase = "pending"
	CellApplying  CellPhase = "applying"
	CellNew       CellPhase = "new"
	CellReverting CellPhase = "reverting"
	CellOld       CellPhase = "old"
)

// Cell is one cell of a rollout.
type Cell struct {
	ID    string    `json:"id"`
	From  string    `json:"from"` // the version that it had
	Phase CellPhase `json:"phase"`
}

// changed says that the cell may have the version.
func (c Cell) changed() bool {
	return c.Phase == CellApplying || c.Phase == CellNew || c.Phase == CellReverting
}

// Terms is how a rollout is done. They are stored with it, so that who resumes it
// does the same.
type Terms struct {
	Program    string        `json:"program"` // see Program
	Prometheus string        `json:"prometheus"`
	Bake       time.Duration `json:"bake_ns"`        // how long a wave is looked at
	CheckEvery time.Duration `json:"check_every_ns"` // and how often
	MaxBurn    float64       `json:"max_burn"`       // how many times too fast an objective may burn its budget
	Patience   time.Duration `json:"patience_ns"`    // how long the gate may see nothing
}

// State is a rollout, as it is stored.
type State struct {
	Version   string    `json:"version"`
	Terms     Terms     `json:"terms"`
	Phase     Phase     `json:"phase"`
	Waves     [][]Cell  `json:"waves"`
	Wave      int       `json:"wave"` // the one that is under way, from 0
	BakeUntil time.Time `json:"bake_until,omitzero"`
	Breach    string    `json:"breach,omitempty"` // why it is taken back
	Started   time.Time `json:"started"`
}

// Abort has everything taken back.
func (s *State) Abort(why string) { s.Phase, s.Breach = Reverting, why }

// Changed lists the cells that may have the version.
func (s *State) Changed() []string {
	var ids []string
	for _, wave := range s.Waves {
		for _, c := range wave {
			if c.changed() {
				ids = append(ids, c.ID)
			}
		}
	}
	return ids
}

var versionPattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._:@/+-]{0,254}$`)

// ValidVersion says whether a text can be a version: it becomes an argument of a
// program, and never an option.
func ValidVersion(version string) bool { return versionPattern.MatchString(version) }
