package tracing

import (
	"context"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"
)

// subject is whom a request concerns. Within a process it is a value of the
// context, since parsing baggage costs more than a span; between processes it
// is W3C Baggage.
type subject struct{ tenant, cell string }

type subjectKey struct{}

// Members of baggage, and attributes of spans.
const (
	memberTenant = "tenant"
	memberCell   = "cell"
)

func (s subject) attributes() []attribute.KeyValue {
	all := make([]attribute.KeyValue, 0, 2)
	if s.tenant != "" {
		all = append(all, attribute.String(memberTenant, s.tenant))
	}
	if s.cell != "" {
		all = append(all, attribute.String(memberCell, s.cell))
	}
	return all
}

// Concerning notes tenant and cell at ctx's span and at all that begin below
// it, here and wherever the work goes on. "" leaves what is known.
func Concerning(ctx context.Context, tenant, cell string) context.Context {
	span := trace.SpanFromContext(ctx)
	if !span.SpanContext().IsValid() {
		return ctx
	}
	s, _ := ctx.Value(subjectKey{}).(subject)
	if tenant != "" {
		s.tenant = tenant
	}
	if cell != "" {
		s.cell = cell
	}
	span.SetAttributes(s.attributes()...)
	return context.WithValue(ctx, subjectKey{}, s)
}

// Baggage is the header that says whom ctx's work concerns; "" if nobody.
func Baggage(ctx context.Context) string {
	s, _ := ctx.Value(subjectKey{}).(subject)
	switch {
	case s.tenant == "" && s.cell == "":
		return ""
	case s.cell == "":
		return memberTenant + "=" + s.tenant
	case s.tenant == "":
		return memberCell + "=" + s.cell
	}
	return memberTenant + "=" + s.tenant + "," + memberCell + "=" + s.cell
}

// maxMember bounds what is believed of a header.
const maxMember = 64

// withBaggage reads a Baggage header that another of our programs sent. Ids and
// names of cells need no escaping; what is longer or stranger is none of ours.
func withBaggage(ctx context.Context, header string) context.Context {
	var s subject
	for member := range strings.SplitSeq(header, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(member), "=")
		if len(value) > maxMember || strings.Trim(value, "0123456789abcdefghijklmnopqrstuvwxyz-") != "" {
			continue
		}
		switch name {
		case memberTenant:
			s.tenant = value
		case memberCell:
			s.cell = value
		}
	}
	if s == (subject{}) {
		return ctx
	}
	return context.WithValue(ctx, subjectKey{}, s)
}
