package httpapi

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

// sse sends events as the HTML standard's event streams.
type sse struct {
	w       http.ResponseWriter
	control *http.ResponseController
}

func newSSE(w http.ResponseWriter) *sse {
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no")
	return &sse{w: w, control: http.NewResponseController(w)}
}

func (s *sse) send(_ context.Context, m message) error {
	text, err := json.Marshal(m)
	if err != nil {
		return err
	}
	return s.write(fmt.Sprintf("id: %s\nevent: %s\ndata: %s\n\n", m.Cursor, m.Type, text))
}

// ping has a cursor too: others' events may have passed unseen.
func (s *sse) ping(_ context.Context, cursor string) error {
	return s.write(fmt.Sprintf(": ping\nid: %s\n\n", cursor))
}

func (s *sse) write(text string) error {
	_ = s.control.SetWriteDeadline(time.Now().Add(takeWithin)) // what cannot have a deadline does without
	if _, err := s.w.Write([]byte(text)); err != nil {
		return err
	}
	return s.control.Flush()
}
