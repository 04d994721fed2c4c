package record

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

const (
	longest       = time.Hour
	unit          = time.Microsecond
	fineDigits    = 3
	coarseDigits  = 2
	hundredInUnit = 100
)

// Histogram is a distribution of durations.
type Histogram struct{ h *hdrhistogram.Histogram }

// newHistogram has a precision of 0.1 %, or 1 % if coarse.
func newHistogram(digits int) *Histogram {
	return &Histogram{h: hdrhistogram.New(1, int64(longest/unit), digits)}
}

// NewHistogram is empty, with a precision of 0.1 %.
func NewHistogram() *Histogram { return newHistogram(fineDigits) }

// Record counts a duration; what is longer than an hour counts as an hour.
func (h *Histogram) Record(d time.Duration) {
	_ = h.h.RecordValue(min(int64(longest/unit), max(1, int64(d/unit)))) // within its bounds
}

// At is a percentile; 0 if nothing was recorded.
func (h *Histogram) At(percentile float64) time.Duration {
	if h.Count() == 0 {
		return 0
	}
	return time.Duration(h.h.ValueAtPercentile(percentile)) * unit
}

// Max is the longest recorded, to the histogram's precision.
func (h *Histogram) Max() time.Duration { return h.At(hundredInUnit) }

// Mean is the average.
func (h *Histogram) Mean() time.Duration { return time.Duration(h.h.Mean() * float64(unit)) }

// Count is how many were recorded.
func (h *Histogram) Count() int64 { return h.h.TotalCount() }

// Add adds another of the same form.
func (h *Histogram) Add(other *Histogram) {
	if other != nil && other.h != nil {
		h.h.Merge(other.h)
	}
}

// Bucket is a value and how often it was recorded.
type Bucket struct {
	Value time.Duration
	Count int64
}

// Buckets lists what was recorded, in order; of none it is none.
func (h *Histogram) Buckets() (all []Bucket) {
	if h == nil {
		return nil
	}
	for _, bar := range h.h.Distribution() {
		if bar.Count > 0 {
			all = append(all, Bucket{Value: time.Duration(bar.To) * unit, Count: bar.Count})
		}
	}
	return all
}

// MarshalJSON writes the standard compressed encoding (V2, base64).
func (h *Histogram) MarshalJSON() ([]byte, error) {
	text, err := h.h.Encode(hdrhistogram.V2CompressedEncodingCookieBase)
	if err != nil {
		return nil, fmt.Errorf("histogram: %w", err)
	}
	return json.Marshal(string(text))
}

// UnmarshalJSON reads it.
func (h *Histogram) UnmarshalJSON(text []byte) error {
	var encoded string
	err := json.Unmarshal(text, &encoded)
	if err == nil {
		h.h, err = hdrhistogram.Decode([]byte(encoded))
	}
	if err != nil {
		return fmt.Errorf("histogram: %w", err)
	}
	return nil
}
