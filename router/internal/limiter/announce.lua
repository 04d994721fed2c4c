-- One router's sign of life.
--
-- KEYS[1]  sorted set: instance → time of its last sign (µs, this server's clock)
-- ARGV     1 instance  2 µs after which a silent router is gone
-- Returns  how many routers there are.
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
redis.call('ZADD', KEYS[1], now, ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - ARGV[2])
redis.call('PEXPIRE', KEYS[1], math.ceil(ARGV[2] / 1000))
return redis.call('ZCARD', KEYS[1])
