package citus_test

import "testing"

// A worker whose jobs all failed has nothing to finish.
func TestNoJobsAreFinished(t *testing.T) {
	t.Parallel()
	db := open(t)
	must(t, db.store.FinishJobs(t.Context(), nil))
	must(t, db.store.FailJobs(t.Context(), nil))
}
