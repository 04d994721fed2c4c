package loadgen

// Parse exposes the parser of answers: status, body and end.
func Parse(b []byte) (status, body []byte, end int, err error) {
	a, end, err := parse(b)
	return a.status, a.body, end, err
}
