package testkit

import (
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	common "go.opentelemetry.io/proto/otlp/common/v1"
	otlp "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

// Traces is a receiver of traces (OTLP over HTTP), in the test's own process.
type Traces struct {
	URL string

	mu      sync.Mutex
	spans   []Span
	refuses bool
}

// Span is one that was received.
type Span struct {
	Service, Name, Kind      string
	Trace, ID, Parent, State string // State: "" or why it failed
	Attributes               map[string]string
	Micros                   uint64 // how long it took
}

// NewTraces returns a receiver that ends with the test.
func NewTraces(t testing.TB) *Traces {
	t.Helper()
	r := &Traces{}
	server := httptest.NewServer(http.HandlerFunc(r.receive))
	t.Cleanup(server.Close)
	r.URL = server.URL
	return r
}

// Refuse makes the receiver take nothing any more, or take it again.
func (r *Traces) Refuse(yes bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.refuses = yes
}

func (r *Traces) receive(w http.ResponseWriter, req *http.Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	body, err := io.ReadAll(req.Body)
	var sent collector.ExportTraceServiceRequest
	if err != nil || req.URL.Path != "/v1/traces" || r.refuses || proto.Unmarshal(body, &sent) != nil {
		http.Error(w, "not taken", http.StatusBadRequest)
		return
	}
	for _, resource := range sent.GetResourceSpans() {
		service := attributesOf(resource.GetResource().GetAttributes())["service.name"]
		for _, scope := range resource.GetScopeSpans() {
			for _, s := range scope.GetSpans() {
				r.spans = append(r.spans, spanOf(service, s))
			}
		}
	}
	w.Header().Set("Content-Type", "application/x-protobuf")
}

func spanOf(service string, s *otlp.Span) Span {
	span := Span{
		Service: service, Name: s.GetName(), Kind: strings.ToLower(strings.TrimPrefix(s.GetKind().String(), "SPAN_KIND_")),
		Trace: hex.EncodeToString(s.GetTraceId()), ID: hex.EncodeToString(s.GetSpanId()), Parent: hex.EncodeToString(s.GetParentSpanId()),
		Attributes: attributesOf(s.GetAttributes()), Micros: (s.GetEndTimeUnixNano() - s.GetStartTimeUnixNano()) / 1000,
	}
	if s.GetStatus().GetCode() == otlp.Status_STATUS_CODE_ERROR {
		span.State = s.GetStatus().GetMessage()
	}
	return span
}

func attributesOf(all []*common.KeyValue) map[string]string {
	texts := map[string]string{}
	for _, a := range all {
		switch v := a.GetValue().GetValue().(type) {
		case *common.AnyValue_StringValue:
			texts[a.GetKey()] = v.StringValue
		case *common.AnyValue_IntValue:
			texts[a.GetKey()] = fmt.Sprint(v.IntValue)
		case *common.AnyValue_BoolValue:
			texts[a.GetKey()] = fmt.Sprint(v.BoolValue)
		default:
			texts[a.GetKey()] = a.GetValue().String()
		}
	}
	return texts
}

// Of returns what was received of a trace, in the order of arrival.
func (r *Traces) Of(trace string) []Span {
	r.mu.Lock()
	defer r.mu.Unlock()
	var spans []Span
	for _, s := range r.spans {
		if s.Trace == trace {
			spans = append(spans, s)
		}
	}
	return spans
}

// All returns everything that was received.
func (r *Traces) All() []Span {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]Span(nil), r.spans...)
}
