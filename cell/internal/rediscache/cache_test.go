package rediscache_test

import (
	"context"
	"log/slog"
	"reflect"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/redis/go-redis/v9"

	"github.com/coditect/platform/cell"
	"github.com/coditect/platform/cell/internal/rediscache"
	"github.com/coditect/platform/shared/tenancy"
	"github.com/coditect/platform/shared/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// patient is a timeout that no busy machine reaches.
const patient = 10 * time.Second

func connect(t testing.TB, url string) *redis.Client {
	t.Helper()
	client, err := rediscache.Connect(url, 16)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := client.Close(); err != nil {
			t.Error(err)
		}
	})
	return client
}

func open(t testing.TB, url string) *rediscache.Cache {
	t.Helper()
	return rediscache.New(rediscache.Options{Client: connect(t, url), Log: slog.New(slog.DiscardHandler), Timeout: patient})
}

func question(id tenancy.ID) cell.Question {
	return cell.Question{Tenant: id, Epoch: 3, Credential: []byte("key"), Target: "/v1/projects?limit=5", Layer: cell.Responses}
}

func finding(body string) cell.Finding {
	return cell.Finding{
		Actor: &cell.Actor{UserID: uuid.New(), Role: cell.Admin, Custom: map[cell.Role][]cell.Permission{}, Scopes: []string{"projects:read"}}, Epoch: 4, Took: time.Millisecond,
		Answer: cell.Answer{Status: 200, ETag: `"v1"`, MediaType: "application/json", Body: []byte(body)},
	}
}

// keep has the cache remember an answer.
func keep(t testing.TB, c *rediscache.Cache, q cell.Question, body string) cell.Finding {
	t.Helper()
	known := c.Look(t.Context(), q)
	if !known.Open {
		t.Fatalf("nothing may be kept: %+v", known)
	}
	f := finding(body)
	c.Keep(t.Context(), q, known, f)
	return f
}

func knows(t testing.TB, c *rediscache.Cache, q cell.Question, answer, actor bool) cell.Remembered {
	t.Helper()
	known := c.Look(t.Context(), q)
	if (known.Answer != nil) != answer || (known.Actor != nil) != actor {
		t.Errorf("answer %v, actor %v; want %v, %v", known.Answer != nil, known.Actor != nil, answer, actor)
	}
	return known
}

func mutation(id tenancy.ID, rights bool) cell.Mutation {
	return cell.Mutation{ID: uuid.New(), Tenant: id, Rights: rights}
}

func TestFindingsComeBackAsTheyWere(t *testing.T) {
	t.Parallel()
	url, id := testkit.Redis(t), tenancy.NewID()
	q := question(id)
	f := keep(t, open(t, url), q, "[1]")
	known := knows(t, open(t, url), q, true, true)
	if string(known.Answer.Body) != "[1]" || known.Answer.ETag != `"v1"` || known.Answer.MediaType != "application/json" ||
		known.Answer.Status != 200 || known.Epoch != 4 || !reflect.DeepEqual(known.Actor, f.Actor) {
		t.Errorf("%+v %+v", known.Answer, known.Actor)
	}
	for name, change := range map[string]func(*cell.Question){
		"tenant": func(q *cell.Question) { q.Tenant = tenancy.NewID() },
		"epoch":  func(q *cell.Question) { q.Epoch++ },
		"target": func(q *cell.Question) { q.Target += "0" },
	} {
		other := q
		change(&other)
		if known := open(t, url).Look(t.Context(), other); known.Answer != nil {
			t.Errorf("another %s got the answer", name)
		}
	}
	stranger := q
	stranger.Credential = []byte("other key")
	knows(t, open(t, url), stranger, true, false)
}

func TestWhatAMutationMakesWrongIsForgotten(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	c, id := open(t, testkit.Redis(t)), tenancy.NewID()
	q := question(id)
	for _, rights := range []bool{false, true} {
		keep(t, c, q, "old")
		late := c.Look(ctx, q) // finds out meanwhile, and keeps it too late
		m := mutation(id, rights)
		c.Before(ctx, m)
		if known := c.Look(ctx, q); known.Open {
			t.Errorf("while somebody writes: %+v", known)
		}
		c.Keep(ctx, q, late, finding("old"))
		c.After(ctx, m)
		c.Keep(ctx, q, late, finding("old"))
		knows(t, c, q, false, !rights)
	}
}

func TestTheFirstWriterLeavesTheMarkToTheOthers(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	c, id := open(t, testkit.Redis(t)), tenancy.NewID()
	first, second := mutation(id, false), mutation(id, true)
	keep(t, c, question(id), "old")
	c.Before(ctx, first)
	c.Before(ctx, second)
	c.After(ctx, first)
	if c.Look(ctx, question(id)).Open {
		t.Error("the second one still writes")
	}
	c.After(ctx, second)
	knows(t, c, question(id), false, false)
	keep(t, c, question(id), "new")
	knows(t, c, question(id), true, true)
}

// A writer that dies after its commit takes the generation with it.
func TestADeadWritersMarkIsFollowedByNothing(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	url := testkit.Redis(t)
	c, client, id := open(t, url), connect(t, url), tenancy.NewID()
	keep(t, c, question(id), "old")
	c.Before(ctx, mutation(id, true))
	keys, err := client.Keys(ctx, "*").Result()
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range keys { // as if all that time had passed
		left, err := client.PTTL(ctx, key).Result()
		if err != nil || left <= 0 || left > time.Hour {
			t.Errorf("%q lives for %v, %v", key, left, err)
		}
		if left <= 90*time.Second && client.Get(ctx, key).Val() == "w" {
			client.Del(ctx, key)
		}
	}
	knows(t, c, question(id), false, false)
}

func TestDropForgetsEverything(t *testing.T) {
	t.Parallel()
	c, id, other := open(t, testkit.Redis(t)), tenancy.NewID(), tenancy.NewID()
	keep(t, c, question(id), "a")
	keep(t, c, question(other), "b")
	for range 2 {
		if err := c.Drop(t.Context(), id); err != nil {
			t.Fatal(err)
		}
	}
	knows(t, c, question(id), false, false)
	knows(t, c, question(other), true, true)
}

// Redis may evict anything: a generation that was lost never comes again.
func TestEvictionIsForgetting(t *testing.T) {
	t.Parallel()
	url := testkit.Redis(t)
	c, client, id := open(t, url), connect(t, url), tenancy.NewID()
	keep(t, c, question(id), "a")
	keys, err := client.Keys(t.Context(), "*:data").Result()
	if err != nil || len(keys) != 1 {
		t.Fatalf("%q %v", keys, err)
	}
	if err := client.Del(t.Context(), keys...).Err(); err != nil {
		t.Fatal(err)
	}
	knows(t, c, question(id), false, true)
}

func TestGarbageIsNoAnswer(t *testing.T) {
	t.Parallel()
	url := testkit.Redis(t)
	c, client, id := open(t, url), connect(t, url), tenancy.NewID()
	keep(t, c, question(id), "a")
	ctx := context.WithoutCancel(t.Context())
	for _, pattern := range []string{"*}:a:*", "*}:s:*"} {
		for _, key := range client.Keys(ctx, pattern).Val() {
			whole := client.Get(ctx, key).Val()
			for n := range min(len(whole), 60) {
				client.Set(ctx, key, whole[:n], time.Minute)
				if known := c.Look(ctx, question(id)); known.Answer != nil && string(known.Answer.Body) == "a" && known.Actor != nil {
					t.Errorf("%q cut to %d bytes is whole", key, n)
				}
			}
		}
	}
}

func TestOnlyGoodAnswersAreKept(t *testing.T) {
	t.Parallel()
	c, id := open(t, testkit.Redis(t)), tenancy.NewID()
	for name, spoil := range map[string]func(*cell.Answer){
		"a failure":    func(a *cell.Answer) { a.Status = 404 },
		"a large body": func(a *cell.Answer) { a.Body = make([]byte, 1<<20) },
		"a long tag":   func(a *cell.Answer) { a.ETag = string(make([]byte, 300)) },
	} {
		f := finding("a")
		spoil(&f.Answer)
		c.Keep(t.Context(), question(id), c.Look(t.Context(), question(id)), f)
		if known := c.Look(t.Context(), question(id)); known.Answer != nil {
			t.Errorf("%s was kept", name)
		}
	}
}
