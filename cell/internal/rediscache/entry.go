package rediscache

import (
	"encoding/binary"
	"encoding/json"
	"time"

	"github.com/coditect/platform/cell"
)

// An answer in Redis: generation, epoch, when it was kept (Unix ms), how long
// it took to find out (µs), then the lengths of two texts and them, then the
// body. Only answers with status 200 are kept.
const answerHead = len(cell.Generation{}) + 8 + 8 + 4 + 1 + 1

// maxAnswer bounds a body, in bytes: a larger one costs more to carry than to
// make.
const maxAnswer = 256 << 10

// maxText bounds entity tag and media type.
const maxText = 255

type answerEntry struct {
	generation cell.Generation
	epoch      uint64
	kept       time.Time
	took       time.Duration
	answer     cell.Answer
}

func (e *answerEntry) encode() []byte {
	b := make([]byte, 0, answerHead+len(e.answer.ETag)+len(e.answer.MediaType)+len(e.answer.Body))
	b = append(b, e.generation[:]...)
	b = binary.BigEndian.AppendUint64(b, e.epoch)
	b = binary.BigEndian.AppendUint64(b, uint64(e.kept.UnixMilli()))
	b = binary.BigEndian.AppendUint32(b, uint32(min(e.took, time.Hour).Microseconds()))
	b = append(b, byte(len(e.answer.ETag)), byte(len(e.answer.MediaType)))
	b = append(append(b, e.answer.ETag...), e.answer.MediaType...)
	return append(b, e.answer.Body...)
}

// decodeAnswer reports false for what is no answer.
func decodeAnswer(text string) (answerEntry, bool) {
	var e answerEntry
	if len(text) < answerHead {
		return e, false
	}
	head := []byte(text[:answerHead])
	n := copy(e.generation[:], head)
	e.epoch = binary.BigEndian.Uint64(head[n:])
	e.kept = time.UnixMilli(int64(binary.BigEndian.Uint64(head[n+8:])))
	e.took = time.Duration(binary.BigEndian.Uint32(head[n+16:])) * time.Microsecond
	tag, media, rest := int(head[n+20]), int(head[n+21]), text[answerHead:]
	if len(rest) < tag+media {
		return e, false
	}
	e.answer = cell.Answer{Status: 200, ETag: rest[:tag], MediaType: rest[tag : tag+media], Body: []byte(rest[tag+media:])}
	return e, true
}

// fits reports whether the answer can be encoded.
func fits(a cell.Answer) bool {
	return a.Status == 200 && a.Location == "" && len(a.ETag) <= maxText && len(a.MediaType) <= maxText && len(a.Body) <= maxAnswer
}

// A session in Redis: generation, the day on which it was kept, the actor in
// JSON. On another day the database is asked again, so that it learns that the
// credential was used.
const sessionHead = len(cell.Generation{}) + 4

func encodeSession(g cell.Generation, at time.Time, actor cell.Actor) ([]byte, error) {
	text, err := json.Marshal(actor)
	b := append(make([]byte, 0, sessionHead+len(text)), g[:]...)
	b = binary.BigEndian.AppendUint32(b, day(at))
	return append(b, text...), err
}

// decodeSession reports false for what is no session of the generation and the day.
func decodeSession(text string, g cell.Generation, at time.Time) (*cell.Actor, bool) {
	if len(text) < sessionHead || text[:len(g)] != string(g[:]) || binary.BigEndian.Uint32([]byte(text[len(g):sessionHead])) != day(at) {
		return nil, false
	}
	var actor cell.Actor
	err := json.Unmarshal([]byte(text[sessionHead:]), &actor)
	return &actor, err == nil
}

func day(at time.Time) uint32 { return uint32(at.UTC().Unix() / (24 * 60 * 60)) }
