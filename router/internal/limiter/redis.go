package limiter

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

var (
	//go:embed ledger.lua
	ledgerSource string
	//go:embed announce.lua
	announceSource string

	ledgerScript   = redis.NewScript(ledgerSource)
	announceScript = redis.NewScript(announceSource)
)

// Keys in Redis carry the version of their values' format.
const (
	keyPrefix    = "limiter:1:"
	announceKey  = keyPrefix + "routers"
	silentFactor = 3 // a router that is silent for so many times what makes it lost is gone
)

// Connect returns a client of one Redis, fit for [Options]: it never repeats a
// command, gives up with its context, and holds few connections. The caller
// closes it.
func Connect(url string) (*redis.Client, error) {
	o, err := redis.ParseURL(url)
	if err != nil {
		return nil, errors.New("limiter: the address of Redis is no redis:// URL") // err may quote the password
	}
	o.MaxRetries = -1
	o.ContextTimeoutEnabled = true
	o.DialTimeout = time.Second
	o.DialerRetries = 1
	o.PoolSize = 2
	o.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	return redis.NewClient(o), nil
}

// redisLedger keeps the common meters in Redis.
type redisLedger struct {
	client   redis.UniversalClient
	instance string
	timing   timing
}

func newRedisLedger(client redis.UniversalClient, instance string, t timing) *redisLedger {
	return &redisLedger{client, instance, t}
}

// Exchange takes one round trip, and two more where Redis does not know the
// scripts yet.
func (r *redisLedger) Exchange(ctx context.Context, reports []report, replies []reply) (int, error) {
	routers, err := r.send(ctx, reports, replies)
	if !redis.HasErrorPrefix(err, "NOSCRIPT") {
		return routers, err
	}
	// Redis restarted. A command that it refused so was not executed.
	for _, script := range []*redis.Script{ledgerScript, announceScript} {
		if err := script.Load(ctx, r.client).Err(); err != nil {
			return 0, fmt.Errorf("load script: %w", err)
		}
	}
	return r.send(ctx, reports, replies)
}

// send hands in the reports that are not answered yet.
func (r *redisLedger) send(ctx context.Context, reports []report, replies []reply) (int, error) {
	pipe := r.client.Pipeline()
	silent := silentFactor * r.timing.lost / int64(time.Microsecond)
	announced := announceScript.EvalSha(ctx, pipe, []string{announceKey}, r.instance, silent)
	cmds := make([]*redis.Cmd, len(reports))
	for i := range reports {
		if !replies[i].answered {
			cmds[i] = r.report(ctx, pipe, &reports[i])
		}
	}
	_, _ = pipe.Exec(ctx) // every command has its own error
	routers, err := announced.Int()
	for i, cmd := range cmds {
		if cmd == nil {
			continue
		}
		figures, cmdErr := cmd.Int64Slice()
		if cmdErr == nil && len(figures) == 2 {
			replies[i] = reply{answered: true, used: float64(figures[0]) / 1000, attempts: float64(figures[1]) / 1000}
		} else if err == nil {
			err = cmdErr
		}
	}
	return routers, err
}

func (r *redisLedger) report(ctx context.Context, pipe redis.Pipeliner, p *report) *redis.Cmd {
	return ledgerScript.EvalSha(ctx, pipe, []string{redisKey(p.key)},
		p.rate, p.admitted, p.attempts, r.timing.slack, r.timing.memory, p.usedByAll, p.attemptsByAll, p.alone)
}

func redisKey(k Key) string {
	b := make([]byte, 0, len(keyPrefix)+40)
	b = append(b, keyPrefix...)
	b, _ = k.Tenant.AppendText(b) // cannot fail
	b = append(b, ':', '0'+k.Class/100, '0'+k.Class/10%10, '0'+k.Class%10)
	return string(b)
}
