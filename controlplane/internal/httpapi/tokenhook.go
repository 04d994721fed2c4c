package httpapi

import (
	"encoding/json"
	"net/http"

	"github.com/coditect/platform/shared/fault"
)

// TokenHook says what an access token shall carry. An interface since how the
// authorization server asks is another edge's.
type TokenHook interface {
	Answer(r *http.Request) (any, error)
}

// tokenHook is apart from the API's operations: its caller is the authorization
// server, which shows a key of its own, and its form is that server's.
type tokenHook struct {
	hook   TokenHook // nil: there is no authorization server
	render func(http.ResponseWriter, *http.Request, error)
}

func (h *tokenHook) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	out, err := h.answer(r)
	if err != nil {
		h.render(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_ = json.NewEncoder(w).Encode(out) // whoever asked sees that it is cut off
}

func (h *tokenHook) answer(r *http.Request) (any, error) {
	switch {
	case h.hook == nil:
		return nil, fault.New(fault.NotFound, "there is no authorization server in this installation")
	case r.Method != http.MethodPost:
		return nil, fault.New(fault.MethodNotAllowed, "the hook is posted to")
	}
	return h.hook.Answer(r)
}
