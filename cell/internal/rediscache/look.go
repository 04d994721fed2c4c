package rediscache

import (
	"context"
	"crypto/rand"
	"errors"
	"math"
	mathrand "math/rand/v2"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/coditect/platform/cell"
)

// Look returns what is known about the question, in one round trip, and one
// more if the tenant has no generation. A failure is the zero Remembered.
func (c *Cache) Look(ctx context.Context, q cell.Question) cell.Remembered {
	var known cell.Remembered
	if !c.untold.has(q.Tenant) && c.try(ctx, c.timeout, func(ctx context.Context) (err error) {
		known, err = c.look(ctx, q)
		return err
	}) && known.Open {
		c.metrics.looked(q, known)
		return known
	}
	c.metrics.bypassed(q)
	return cell.Remembered{}
}

func (c *Cache) look(ctx context.Context, q cell.Question) (cell.Remembered, error) {
	keys := []string{dataKey(q.Tenant), rightsKey(q.Tenant), answerKey(q), ""}
	if keys = keys[:3]; q.Credential != nil {
		keys = append(keys, sessionKey(q))
	}
	found, err := c.client.MGet(ctx, keys...).Result()
	if err != nil {
		return cell.Remembered{}, err
	}
	var known cell.Remembered
	var generations [2]string
	for i := range generations {
		if generations[i], err = c.generation(ctx, keys[i], text(found[i])); err != nil {
			return cell.Remembered{}, err
		}
	}
	// What has another length is the mark of a writer.
	if known.Open = copy(known.Data[:], generations[0]) == len(known.Data) && copy(known.Rights[:], generations[1]) == len(known.Rights); !known.Open {
		return known, nil
	}
	now := time.Now()
	if entry, ok := decodeAnswer(text(found[2])); ok && entry.generation == known.Data && !entry.due(now, q.Layer.Life()) {
		known.Answer, known.Epoch = &entry.answer, entry.epoch
	}
	if q.Credential != nil {
		known.Actor, _ = decodeSession(text(found[3]), known.Rights, now)
	}
	return known, nil
}

// generation makes one if there is none.
func (c *Cache) generation(ctx context.Context, key, found string) (string, error) {
	if found != "" {
		return found, nil
	}
	var fresh cell.Generation
	_, _ = rand.Read(fresh[:]) // never fails
	other, err := c.client.SetArgs(ctx, key, fresh[:], redis.SetArgs{Mode: "NX", Get: true, TTL: cell.Sessions.Life()}).Result()
	if errors.Is(err, redis.Nil) {
		return string(fresh[:]), nil
	}
	return other, err
}

// due reports whether the answer should be found out anew, a little before its
// life ends and by chance: so of many processes that answer the same question
// one does it in time, and the others need not do it all at once. The longer it
// takes, the earlier ("optimal probabilistic cache stampede prevention",
// Vattani and others, 2015).
func (e *answerEntry) due(now time.Time, life time.Duration) bool {
	early := time.Duration(-math.Log(1-mathrand.Float64()) * float64(e.took))
	return !now.Add(early).Before(e.kept.Add(life))
}

// Keep stores a finding for the next one who asks. It is lost if Redis does not
// answer.
func (c *Cache) Keep(ctx context.Context, q cell.Question, known cell.Remembered, f cell.Finding) {
	if !known.Open || !fits(f.Answer) {
		return
	}
	now := time.Now()
	entry := answerEntry{generation: known.Data, epoch: f.Epoch, kept: now, took: f.Took, answer: f.Answer}
	_ = c.try(ctx, c.timeout, func(ctx context.Context) error {
		pipe := c.client.Pipeline()
		pipe.Set(ctx, answerKey(q), entry.encode(), q.Layer.Life())
		if q.Credential != nil && f.Actor != nil {
			session, err := encodeSession(known.Rights, now, *f.Actor)
			if err != nil {
				return err
			}
			pipe.Set(ctx, sessionKey(q), session, cell.Sessions.Life())
		}
		_, err := pipe.Exec(ctx)
		return err
	})
}

func text(found any) string {
	s, _ := found.(string)
	return s
}
