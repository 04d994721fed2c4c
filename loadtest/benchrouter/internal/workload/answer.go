package workload

// AnswerSize is the length of every answer's body, in bytes.
const AnswerSize = 512

// AppendAnswer appends the body by which a cell shows who was asked for what:
// its own name, the Host and the tenant's id it was given, and padding.
func AppendAnswer(b []byte, cell int, host, tenantID []byte) []byte {
	end := len(b) + AnswerSize
	b = append(b, "cell-0 "...)
	b[len(b)-2] += byte(cell)
	b = append(append(b, host...), ' ')
	b = append(append(b, tenantID...), ' ')
	for len(b) < end {
		b = append(b, '.')
	}
	return b[:end]
}

// AppendWant appends how the right answer for the n-th tenant begins. Without
// identified, the tenant's id is not looked at: not every contender sends it.
func AppendWant(b []byte, n int, identified bool) []byte {
	b = append(b, "cell-0 "...)
	b[len(b)-2] += byte(CellOf(n))
	b = append(AppendHost(b, n), ' ')
	if identified {
		b, _ = ID(n).AppendText(b) // never fails
		b = append(b, ' ')
	}
	return b
}
