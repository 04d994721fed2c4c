-- KEYS: writers, then generations. ARGV: the writer, its life in ms.
-- From now on nothing is answered from memory or kept, until the writer says
-- that it is over (after.lua), or until its life has passed.
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
redis.call('ZADD', KEYS[1], now + ARGV[2], ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
for i = 2, #KEYS do
  redis.call('SET', KEYS[i], 'w', 'PX', ARGV[2])
end
return 1
