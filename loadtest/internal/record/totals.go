package record

// Total is a part of a recording, summed up.
type Total struct {
	Errors   int64
	Response *Histogram
	Service  *Histogram
}

// Requests is how many were answered or failed.
func (t *Total) Requests() int64 { return t.Response.Count() }

// ErrorShare is from 0 to 1.
func (t *Total) ErrorShare() float64 {
	if t.Requests() == 0 {
		return 0
	}
	return float64(t.Errors) / float64(t.Requests())
}

// Total sums up what the filter lets through.
func (r *Recording) Total(want func(phase, step int) bool) *Total {
	t := &Total{Response: NewHistogram(), Service: NewHistogram()}
	for _, s := range r.Series {
		if want(s.Phase, s.Step) {
			t.Errors += s.Errors
			t.Response.Add(s.Response)
			t.Service.Add(s.Service)
		}
	}
	return t
}

// Whole is the run without warm-up and storms.
func (r *Recording) Whole() *Total { return r.Total(r.Shape.Counts) }
