package httpapi

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/coder/websocket"
)

// overWebSocket sends events as messages of a WebSocket.
func (s eventStream) overWebSocket(ctx context.Context, w http.ResponseWriter) error {
	// Any origin: callers prove who they are by a header, which no foreign page can make a browser send.
	conn, err := websocket.Accept(w, s.r, &websocket.AcceptOptions{InsecureSkipVerify: true})
	if err != nil {
		return nil // Accept has answered
	}
	defer func() { _ = conn.CloseNow() }() // does nothing once it is closed
	end := s.pump(conn.CloseRead(ctx), socket{conn})
	_ = conn.Close(websocket.StatusCode(end.close), end.code) // the follower may be gone
	return nil
}

type socket struct{ conn *websocket.Conn }

func (s socket) send(ctx context.Context, m message) error {
	text, err := json.Marshal(m)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, takeWithin)
	defer cancel()
	return s.conn.Write(ctx, websocket.MessageText, text)
}

// ping also finds followers that are gone without a word.
func (s socket) ping(ctx context.Context, _ string) error {
	ctx, cancel := context.WithTimeout(ctx, takeWithin)
	defer cancel()
	return s.conn.Ping(ctx)
}
