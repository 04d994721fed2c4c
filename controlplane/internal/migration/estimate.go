package migration

import (
	"context"
	"time"

	"github.com/coditect/platform/controlplane"
)

// assumedSpeed is what a copy is expected to reach if nothing bounds it, in
// bytes a second; it has been measured at 56 MB/s on two cores without load.
const assumedSpeed = 25 << 20

// overhead is what even an empty tenant takes: slot, snapshot, verification.
const overhead = 3 * time.Second

// estimate is how long a copy of so many bytes will take.
func estimate(bytes, bytesPerSecond int64) time.Duration {
	speed := int64(assumedSpeed)
	if bytesPerSecond > 0 {
		speed = min(speed, bytesPerSecond)
	}
	return overhead + time.Duration(float64(bytes)/float64(speed)*float64(time.Second))
}

// predict is the write pause as it will be if it were now: three round trips to
// the source, two to the target, the directory's transaction (four round trips to
// its database), and what the target is behind. The round trips are measured for
// this, which also makes sure that connections are open.
func (v *move) predict(ctx context.Context, l leg) time.Duration {
	begun := v.Clock()
	_, sourceErr := v.Parties.Size(ctx, l.from, v.m.TenantID)
	source := v.Clock().Sub(begun)
	begun = v.Clock()
	status, targetErr := v.Parties.Import(ctx, l.to, v.m)
	target := v.Clock().Sub(begun)
	if sourceErr != nil || targetErr != nil {
		return 0 // not known; the freeze will say what is wrong
	}
	behind := time.Duration(status.LagMillis) * time.Millisecond
	if status.LagBytes == 0 {
		behind = 0
	}
	return 3*source + 2*target + 4*v.near + behind
}

// sample is a moment of the copy.
type sample struct {
	at    time.Time
	bytes int64
}

// speedSpan is over how long the copy's speed is taken.
const speedSpan = 2 * time.Second

// progress reads an import's status, and takes the speed of its copy.
func (v *move) progress(s controlplane.ImportStatus) controlplane.MigrationProgress {
	p := controlplane.MigrationProgress{
		TablesDone: s.TablesDone, Tables: s.Tables, RowsDone: s.RowsCopied, Rows: max(s.RowsEstimate, s.RowsCopied),
		BytesDone: s.BytesCopied, Bytes: max(s.BytesEstimate, s.BytesCopied), LagBytes: s.LagBytes, LagMillis: s.LagMillis,
		BytesSecond: v.m.Record.Progress.BytesSecond, FilesDone: s.FilesHere, Files: s.Files, FileBytes: s.FileBytes,
	}
	now := v.Clock()
	switch span := now.Sub(v.last.at); {
	case v.last.at.IsZero() || s.BytesCopied < v.last.bytes:
		v.last = sample{now, s.BytesCopied}
	case span >= speedSpan:
		p.BytesSecond = int64(float64(s.BytesCopied-v.last.bytes) / span.Seconds())
		v.last = sample{now, s.BytesCopied}
	}
	return p
}

// stageOfImport names where an import is.
func stageOfImport(s controlplane.ImportStatus) controlplane.MigrationStage {
	switch s.State {
	case controlplane.ImportReady:
		return controlplane.StageReady
	case "catching_up":
		return controlplane.StageCatchUp
	}
	return controlplane.StageCopy
}

// stageOf is the stage as it is called on this way: on the way back there is
// one for everything before the cutover.
func (v *move) stageOf(l leg, stage controlplane.MigrationStage) controlplane.MigrationStage {
	if l.mode == controlplane.ImportFollow {
		return controlplane.StageReturn
	}
	if stage == controlplane.StageCopy && v.m.Stage != controlplane.StagePrepare && v.m.Stage != controlplane.StageCopy {
		return v.m.Stage // a paused import does not say where it was
	}
	return stage
}

// pollPause is how long an import is left alone. Close to the end it is looked
// at often, since what follows waits for it.
func pollPause(s controlplane.ImportStatus) time.Duration {
	if stageOfImport(s) == controlplane.StageCopy {
		return 500 * time.Millisecond
	}
	return 100 * time.Millisecond
}
