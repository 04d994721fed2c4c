package local

import (
	"fmt"
	"io"
	"net/http"
	"strings"
)

// refusedError is an HTTP answer other than the wanted one.
type refusedError struct {
	status int
	body   string
}

func (e *refusedError) Error() string {
	return fmt.Sprintf("%d %s: %s", e.status, http.StatusText(e.status), e.body)
}

// final reports whether asking again is useless: the request itself is wrong.
func (e *refusedError) final() bool {
	switch e.status {
	case http.StatusBadRequest, http.StatusUnprocessableEntity, http.StatusUnsupportedMediaType, http.StatusMethodNotAllowed:
		return true
	}
	return false
}

// answerError is nil for the wanted status.
func answerError(status, wanted int, body []byte) error {
	if status == wanted {
		return nil
	}
	return &refusedError{status: status, body: strings.TrimSpace(string(body))}
}

func send(request *http.Request) (status int, body []byte, err error) {
	const longest = 64 << 10
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, nil, err
	}
	defer response.Body.Close()
	body, err = io.ReadAll(io.LimitReader(response.Body, longest))
	return response.StatusCode, body, err
}
