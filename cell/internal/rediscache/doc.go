// Package rediscache remembers a cell's answers in Redis, in three layers with
// lives of their own (cell.Layer): who a credential turned out to be, answers of
// expensive queries, other answers to GET requests.
//
// # Authority
//
// Postgres. Redis may lose, evict or refuse anything at any time: requests then
// take longer. It must not bring anything back, and so keeps nothing over a
// restart; a replica that takes over without the last moment's writes may give
// old answers, for no longer than the layer's life. Nothing is ever answered from here that the fence, a role or a
// newer row would forbid; what that rests on follows.
//
// # Generations
//
// A tenant has two random numbers in Redis: the generation of its data and that
// of its rights (users, keys, roles). Whoever looks for an answer gets both, the
// caller's session and the answer by one MGET; a session counts only under the
// present generation of rights, an answer only under that of data. What is found
// out in Postgres is kept under the generations that were read before Postgres
// was asked. So a write needs to do one thing: change the generation after it
// has committed. Everything that was, or still is being, found out before then
// is worth nothing, whoever stores it whenever. A number that Redis lost is
// replaced by a new one: nothing from before counts again.
//
//	(none) ──Look──▶ random ──Before──▶ "w" ──After──▶ (none)
//	                    └─── After, Drop, eviction ─────▲
//
// "w" stands while somebody writes: nothing is answered from memory or kept. It
// is there from before the commit until after it, and the write is not
// acknowledged before. So an answer from before a commit is never given once
// anybody could know of the commit, and if the process dies between the two the
// mark outlives the commit, then the generation is gone with it. Writers are
// counted (before.lua, after.lua): the first one that ends leaves the mark to
// the others, and one that died holds it for writerLife and no longer.
//
// # Rights
//
// An answer is the same for all who may see it, so it is stored once. Whether a
// caller may is judged at every hit: by its session, for tokens by what the
// router verified of this request as well. Without a session, or if the right is
// missing, the request goes to Postgres, which refuses it in its own words.
//
// # The fence
//
// Answers are stored under the epoch that the request knew when the fence let it
// pass: a request that knows a later one finds nothing. Departed tenants have no
// generation, since [Cache.Drop] is part of the departure, and get none: a look
// makes one, but the fence refuses what would be kept under it. Freezing calls
// Drop too: if it fails there, the migration gives up before it costs anything.
//
// # When Redis is away
//
// A look waits for at most Options.Timeout, each half of a mutation for patience
// times as long. After
// breakAfter failures in a row nobody asks any more; [Cache.RunOnce] probes, and
// opens again only when the mutations that could not be told have been told and
// all other processes have had the time to do the same (settle). Until it has
// been told, this process answers nothing of that tenant from memory. Other
// processes that still reached Redis while this one did not, or if this one died
// in that state, may give old answers, for no longer than the layer's life.
package rediscache
