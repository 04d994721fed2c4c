package record

import (
	"sync"
	"time"
)

// Sample is one request. Times are from the run's beginning.
type Sample struct {
	Phase, Step int
	Rank        int // of its tenant; -1: none
	Code        string
	OK          bool
	Intended    time.Duration // when it should have begun
	Ready       time.Duration // when its connection was free
	Sent, Done  time.Duration
}

// Recorder records what goroutines bring.
type Recorder struct {
	mu   sync.Mutex
	all  *Recording
	live *Live
}

// Live is what a view shows of the time since the last one.
type Live struct {
	Done     int64      `json:"done"`
	Errors   int64      `json:"errors"`
	Response *Histogram `json:"response"`
	Lag      *Histogram `json:"lag"`
}

// NewLive is an empty one.
func NewLive() *Live {
	return &Live{Response: newHistogram(coarseDigits), Lag: newHistogram(coarseDigits)}
}

// Add adds what another process brought in the same time.
func (l *Live) Add(other *Live) {
	l.Done += other.Done
	l.Errors += other.Errors
	l.Response.Add(other.Response)
	l.Lag.Add(other.Lag)
}

// NewRecorder records into an empty recording.
func NewRecorder(shape Shape) *Recorder {
	return &Recorder{all: NewRecording(shape), live: NewLive()}
}

// Record counts a request.
func (r *Recorder) Record(s *Sample) {
	response, service := s.Done-s.Intended, s.Done-s.Sent
	lag := s.Sent - max(s.Intended, s.Ready)
	r.mu.Lock()
	defer r.mu.Unlock()
	series := r.all.series(s.Phase, s.Step)
	series.Response.Record(response)
	series.Service.Record(service)
	r.all.Lag.Record(lag)
	r.live.Response.Record(response)
	r.live.Lag.Record(lag)
	r.all.count(r.all.Shape.Steps[s.Step], s.Code, 1)
	storm := s.Step == r.all.Shape.Storm
	if !s.OK {
		series.Errors++
		r.live.Errors++
	} else {
		r.live.Done++
		if !storm {
			r.all.window(int(s.Done/r.all.Shape.Interval)).Done++
		}
	}
	if storm {
		return
	}
	window := r.all.window(int(s.Intended / r.all.Shape.Interval))
	window.response().Record(response)
	if !s.OK {
		window.Errors++
	}
	if s.Rank >= 0 && s.Rank < r.all.Shape.Watched && !r.all.Shape.WarmUp[s.Phase] {
		tenant := r.all.tenant(s.Rank)
		tenant.Response.Record(response)
		if !s.OK {
			tenant.Errors++
		}
	}
}

// Live returns what came since the last call.
func (r *Recorder) Live() *Live {
	r.mu.Lock()
	defer r.mu.Unlock()
	l := r.live
	r.live = NewLive()
	return l
}

// Recording returns a copy of everything so far.
func (r *Recorder) Recording() *Recording {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.all.Clone()
}
