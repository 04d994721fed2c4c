package http1_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/coditect/platform/router/internal/http1"
)

// decode feeds raw in pieces of the given size.
func decode(raw string, size int) (body string, rest string, err error) {
	var c http1.Chunks
	var out strings.Builder
	for len(raw) > 0 && !c.Done() {
		n := min(size, len(raw))
		piece := []byte(raw[:n])
		for len(piece) > 0 && !c.Done() {
			data, used, err := c.Next(piece)
			if err != nil {
				return out.String(), raw, err
			}
			out.Write(data)
			piece, raw = piece[used:], raw[used:]
		}
	}
	if !c.Done() {
		return out.String(), raw, http1.ErrIncomplete
	}
	return out.String(), raw, nil
}

func TestChunksHoweverTheyArrive(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		chunks := rapid.SliceOfN(rapid.StringN(1, 50, 200), 0, 6).Draw(t, "chunks")
		extension := rapid.SampledFrom([]string{"", ";a=b", ";x=\"y\""}).Draw(t, "extension")
		trailer := rapid.SampledFrom([]string{"", "X-T: v\r\n"}).Draw(t, "trailer")
		var raw []byte
		for _, c := range chunks {
			head := string(http1.AppendChunkHead(nil, len(c)))
			raw = append(append(append(raw, strings.Replace(head, "\r\n", extension+"\r\n", 1)...), c...), '\r', '\n')
		}
		raw = append(raw, "0\r\n"+trailer+"\r\n"...)
		body, rest, err := decode(string(raw)+"GET /", rapid.IntRange(1, 64).Draw(t, "size"))
		if err != nil || body != strings.Join(chunks, "") || rest != "GET /" {
			t.Fatalf("%q: %q, rest %q, %v", raw, body, rest, err)
		}
	})
}

func TestBadChunks(t *testing.T) {
	t.Parallel()
	for _, raw := range []string{
		"\r\n", "g\r\n", "1\nx\r\n0\r\n\r\n", "1\r\nxy\r\n0\r\n\r\n", "1\r\nx\n0\r\n\r\n", " 1\r\nx\r\n0\r\n\r\n", "1 \r\nx\r\n0\r\n\r\n",
		"0x1\r\nx\r\n0\r\n\r\n", "-1\r\n", "+1\r\n", "ffffffffffffffff\r\n", "1;\x00\r\nx\r\n0\r\n\r\n", "1;a\nx\r\n0\r\n\r\n", "0\r\nX: y\n\r\n",
		"0\r\n\n", "1\r\nx\r\r\n0\r\n\r\n", "0;" + strings.Repeat("x", 9000) + "\r\n\r\n", "0\r\n" + strings.Repeat("X: yyyyyyyyyyyy\r\n", 800) + "\r\n",
	} {
		if _, _, err := decode(raw, 7); err == nil || err == http1.ErrIncomplete { //nolint:errorlint // its own, unwrapped
			t.Errorf("%.40q: %v", raw, err)
		}
	}
}
