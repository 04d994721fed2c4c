package telemetry

import (
	"io"
	"log/slog"
)

// NewLogger returns a JSON logger that names its component in every line.
// Level is debug, info, warn or error; anything else means info.
func NewLogger(w io.Writer, level, component string) *slog.Logger {
	var l slog.Level
	if err := l.UnmarshalText([]byte(level)); err != nil {
		l = slog.LevelInfo
	}
	return slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{Level: l})).With("component", component)
}
