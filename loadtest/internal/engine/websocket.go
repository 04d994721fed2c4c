package engine

import (
	"context"
	"errors"
	"net"
	"net/http"

	"github.com/coder/websocket"
)

// Greet opens a WebSocket, waits for the first message and closes it. Status is
// 101 if all went well.
func Greet(ctx context.Context, opts Options, r *Request) (status int, err error) {
	ctx, cancel := context.WithTimeout(ctx, opts.Timeout)
	defer cancel()
	dialer := &net.Dialer{}
	transport := &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return dialer.DialContext(ctx, network, opts.Address)
	}}
	header := http.Header{}
	if r.Key != "" {
		header.Set("Authorization", "Bearer "+r.Key)
	}
	conn, response, err := websocket.Dial(ctx, "ws://"+r.Host+r.Path, &websocket.DialOptions{HTTPClient: &http.Client{Transport: transport}, HTTPHeader: header})
	if response != nil && response.Body != nil {
		defer response.Body.Close()
	}
	if err != nil {
		if response != nil && response.StatusCode != http.StatusSwitchingProtocols {
			return response.StatusCode, nil // an answer, if not the one hoped for
		}
		return 0, err
	}
	_, _, err = conn.Read(ctx)
	// The other side may have closed it first, as well as we.
	if closing := conn.Close(websocket.StatusNormalClosure, ""); err == nil && closing != nil && !errors.As(closing, new(websocket.CloseError)) {
		err = closing
	}
	return http.StatusSwitchingProtocols, err
}
