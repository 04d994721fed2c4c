package graph

import (
	"errors"
	"time"

	"github.com/99designs/gqlgen/graphql"
)

// MarshalTime writes a time in UTC; the zero one is null.
func MarshalTime(t time.Time) graphql.Marshaler { return graphql.MarshalTime(t.UTC()) }

// UnmarshalTime reads RFC 3339.
func UnmarshalTime(v any) (time.Time, error) { return graphql.UnmarshalTime(v) }

// MarshalDay writes the day of a time in UTC; the zero one is null.
func MarshalDay(t time.Time) graphql.Marshaler {
	if t.IsZero() {
		return graphql.Null
	}
	return graphql.MarshalString(t.UTC().Format(time.DateOnly))
}

// UnmarshalDay reads a day such as 2026-11-27.
func UnmarshalDay(v any) (time.Time, error) {
	text, ok := v.(string)
	if !ok {
		return time.Time{}, errors.New("a day is a text")
	}
	return time.Parse(time.DateOnly, text)
}
