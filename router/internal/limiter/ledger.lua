-- One router's report of one key. Time is this server's, so routers' clocks do
-- not matter.
--
-- KEYS[1]  the key. Its value: three doubles, as struct.pack('ddd', …):
--          used (requests), at (µs), attempts (requests, fading)
-- ARGV     1 rate  2 admitted  3 attempts
--          4 slack, seconds  5 memory, seconds
--          6 used and 7 attempts, as the router estimates them for all: what a
--            key begins with that is not known here
--          8 '1': the router was cut off, and the key is no lower than that
-- Returns  used and attempts, in thousandths.
local rate, admitted, demanded = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local slack, memory = tonumber(ARGV[4]), tonumber(ARGV[5])
local seed_used, seed_attempts = tonumber(ARGV[6]), tonumber(ARGV[7])
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]

local used, attempts
local known = redis.call('GET', KEYS[1])
if known then
  local at
  used, at, attempts = struct.unpack('ddd', known)
  local age = math.max(0, now - at) / 1000000
  used = math.max(used - rate * age, -rate * slack) + admitted
  attempts = attempts * math.exp(-age / memory) + demanded
  if ARGV[8] == '1' then
    used, attempts = math.max(used, seed_used), math.max(attempts, seed_attempts)
  end
else
  used, attempts = seed_used, seed_attempts
end

-- Kept until nothing of it counts any more.
local ttl = math.min(86400, 1 + 20 * memory + math.max(0, used) / rate)
redis.call('SET', KEYS[1], struct.pack('ddd', used, now, attempts), 'PX', math.ceil(ttl * 1000))
return {math.floor(used * 1000), math.floor(attempts * 1000)}
