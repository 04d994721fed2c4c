-- KEYS: writers, then generations. ARGV: the writer.
-- What was remembered before is worth nothing now. While others still write,
-- nothing new is kept either.
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
redis.call('ZREM', KEYS[1], ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
local last = redis.call('ZRANGE', KEYS[1], -1, -1, 'WITHSCORES')
for i = 2, #KEYS do
  if last[2] then
    redis.call('SET', KEYS[i], 'w', 'PXAT', string.format('%.0f', last[2]))
  else
    redis.call('DEL', KEYS[i])
  end
end
return 1
