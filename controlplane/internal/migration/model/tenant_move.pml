/* One tenant moving from cell S to cell D, and perhaps back within the rollback
 * window, under: orchestrators that crash, pause and run twice at once; freezes
 * that expire by themselves; aborts; routers with caches of any age; a cache of
 * responses in each cell; a source that is restored from a backup. val counts
 * committed writes.
 *
 * Checked: one writer; no acknowledged write lost; no read older than what was
 * acknowledged before it began; nobody left sealed.
 *
 * Each atomic{} is one request to one party: a cell or the directory. Between
 * any two, anything may happen. check.sh says how this is run; each MUTANT_…
 * plants one mistake, and each must be found.
 */

#ifndef MAXW
#define MAXW 3            /* writes */
#endif
#ifndef MAXF
#define MAXF 3            /* freezes of one cell */
#endif
#ifndef CLIENTS
#define CLIENTS 2
#endif

#ifndef GENS
#define GENS 4             /* generations of cached responses */
#endif

#define S 0
#define D 1

mtype = { absent, importing, live, frozen, sealed, departed };
mtype = { planned, copying, committed, settling, cleaning, completed,
          returning, returned, clearing, rolled_back,
          keeping, aborting, aborted };

mtype st[2];              /* the fence of each cell: the only authority on serving there */
byte  val[2];
byte  fno[2];             /* number of the last freeze */
bool  imp[2];             /* an import runs here: a copy, or the reverse stream into a departed source */
bool  ended[2];           /* that import was ended; its cell does not begin it again */
mtype phase = planned;    /* durable in the directory: changed by compare-and-set only */
byte  acked = 0;

byte  gen[2];             /* the tenant's generation in the cell's Redis, 0: none; a write ends it */
byte  gens = 0;           /* a new generation is like no other */
byte  entryGen[2];        /* a cached response: its generation (0: none) and what it says */
byte  entryVal[2];
bool  refusing = false;   /* S was restored and has not reconciled: it refuses everything */
byte  restored = 0;
bool  slot = true;        /* S's change stream is whole */

inline check() { assert(!(st[S] == live && st[D] == live && !refusing)) }

/* Steps print themselves for transitions.txt (spin -DTRACE, pan -DPRINTF). */
mtype = { import, start, freeze, drain, seal, look, commit, depart, forget, activate, settle, follow, finish, clean,
          give_back, keep, unfollow, resume, kept, clear, abort, discard, thaw, gave_up, expire, noop };
#ifdef TRACE
#define BEGIN(step) printf("%d %d %d %d ", step, st[S], st[D], phase)
#define END         printf("%d %d %d\n", st[S], st[D], phase)
#else
#define BEGIN(step) skip
#define END         skip
#endif

#ifdef MUTANT_SEAL_ANY
#define SAME_FREEZE(f) true
#else
#define SAME_FREEZE(f) fno[f] == tok
#endif
#ifdef MUTANT_IMPORT_AGAIN
#define fresh(c) true
#else
#define fresh(c) !ended[c]
#endif
#define serves(c) (!(c == S && refusing))
#define readable(c) (st[c] == live || st[c] == frozen || st[c] == sealed READ_DEPARTED(c))
#ifdef MUTANT_READ_DEPARTED
#define READ_DEPARTED(c) || st[c] == departed
#else
#define READ_DEPARTED(c)
#endif

init {
  atomic {
    byte i;
    st[S] = live; st[D] = absent; gens = 1; gen[S] = 1;
    for (i : 1 .. CLIENTS) { run Client() }
    run Stream(); run Expire();
    run Orchestrator(); run Orchestrator();
#ifdef CACHE
    run Reader();
#endif
#ifdef RESTORE
    run Restore();
#endif
  }
}

/* What was acknowledged before a restore may be lost by it (the RPO), so a
 * client that began before it claims nothing. */
proctype Client() {
  byte before; byte seen; byte c;
  do
  :: atomic { acked < MAXW && st[S] == live && serves(S) -> assert(val[S] >= acked); val[S]++; acked = val[S]; gen[S] = 0; check() }
  :: atomic { acked < MAXW && st[D] == live -> assert(val[D] >= acked); val[D]++; acked = val[D]; gen[D] = 0; check() }
  :: atomic { before = acked; seen = restored }
     if
     :: c = S
     :: c = D
     fi;
     if
     :: atomic { readable(c) && serves(c) -> assert(val[c] >= before || restored != seen) }
     :: skip
     fi;
     before = 0; seen = 0; c = 0
  od
}

proctype Stream() {
  do
  :: atomic { imp[D] && st[D] == importing && slot && val[D] < val[S] -> val[D]++ }
  :: atomic { imp[S] && st[S] == departed && val[S] < val[D] -> val[S]++ }
  od
}

/* Expiry is a change of state by the cell itself. */
proctype Expire() {
  do
  :: atomic { st[S] == frozen && serves(S) -> BEGIN(expire); st[S] = live; check(); END }
  :: atomic { st[D] == frozen -> BEGIN(expire); st[D] = live; check(); END }
  od
}

#ifdef CACHE
/* A reader with a response cache beside cell c. It asks Redis for generation
 * and entry at once, and for a new generation if there is none; on a miss it
 * reads under the fence and stores what it read under the generation it saw.
 * The entry carries the epoch in its key, so each cell has its own. */
proctype Reader() {
  byte before; byte g; byte v; byte c; bool hit; bool ok;
  do
  :: if
     :: c = S
     :: c = D
     fi;
     atomic {
       before = acked;
       if
       :: gen[c] == 0 && gens < GENS -> gens++; gen[c] = gens
       :: else
       fi;
       g = gen[c];
       hit = (g != 0 && entryGen[c] == g);
       if
       :: hit -> assert(entryVal[c] >= before)
       :: else
       fi
     }
     if
     :: hit
     :: else ->
        ok = false;
        atomic { if :: readable(c) -> v = val[c]; ok = true; assert(v >= before) :: else fi }
        if
        :: ok && g != 0 -> atomic { entryGen[c] = g; entryVal[c] = v }
        :: else
        fi
     fi;
     atomic { before = 0; g = 0; v = 0; c = 0; hit = false; ok = false }
  od
}
#endif

#ifdef RESTORE
/* S comes back from a backup of when it was live, refuses everything, asks the
 * directory what became of its tenants, and does what it says. The directory
 * ends an open move in the same transaction: its answer stays true. Numbers of
 * freezes go on where they were, so that no old one comes again. A restore
 * once the tenant is on its way back is a restore of its owner: the RPO. */
proctype Restore() {
  byte backup; bool mine;
  atomic { st[S] == live && phase != returned && phase != clearing && phase != rolled_back -> backup = val[S] }
  atomic { phase == copying || phase == aborting || phase == committed || phase == settling ->
    st[S] = live; val[S] = backup; imp[S] = false; slot = false; restored++
#ifndef MUTANT_RESTORED_SERVES
    ;refusing = true; gen[S] = 0
#else
    ;gen[S] = 0; acked = (phase == copying || phase == aborting -> backup : acked)
#endif
  }
#ifndef MUTANT_RESTORED_SERVES
  atomic {
    if
    :: phase == planned || phase == copying || phase == aborting || phase == aborted ->
       mine = true
#ifndef MUTANT_RECONCILE_ONLY_ASKS
       ;phase = (phase == copying || phase == planned -> aborting : phase)
#endif
    :: phase == returning -> phase = keeping; mine = false
    :: else -> mine = false
    fi
  }
  atomic {
    if
    :: mine -> st[S] = live; acked = val[S]; restored++; check()
    :: else -> st[S] = departed
    fi;
    ended[S] = true; refusing = false
  }
#endif
}
#endif

/* The write pause, in the order of its requests. */
inline cutover(f, t, open, closed) {
  ok = false;
  atomic { BEGIN(freeze); if :: (st[f] == live && serves(f) && fno[f] < MAXF) -> st[f] = frozen; fno[f]++; tok = fno[f]; mark = val[f]; ok = true :: else fi; END }
  if
  :: ok ->
#ifndef MUTANT_NO_DRAIN
     atomic { BEGIN(drain); ok = (imp[t] && serves(t) && val[t] >= mark && (t == S || slot)); END }
#endif
     if
     :: ok ->
        atomic { BEGIN(seal); if :: (st[f] == frozen && serves(f) && SAME_FREEZE(f)) -> st[f] = sealed :: else -> ok = false fi; END }
        if
        :: ok -> atomic { BEGIN(commit); if :: phase == open -> phase = closed; assert(refusing || (st[f] == sealed && imp[t])) :: else fi; END }
        :: else
        fi
     :: else
     fi
  :: else
  fi;
  atomic { tok = 0; mark = 0; ok = false }
}
/* Somebody was here before: what is sealed was drained, so commit it. */
inline recover(f, t, open, closed) {
  atomic { BEGIN(look); ok = (st[f] == sealed && serves(f)); END }
  if
  :: ok -> atomic { BEGIN(commit); if :: phase == open -> phase = closed :: else fi; END }; ok = false
  :: else
  fi
}

/* After the commit point: only forward. */
inline forward(f, t, open, closed, done) {
#ifdef MUTANT_GENERATION_FIRST
  gen[f] = 0;
#endif
#ifndef MUTANT_ACTIVATE_FIRST
  atomic { BEGIN(depart); if :: st[f] == sealed && serves(f) -> st[f] = departed :: else fi; ok = (st[f] == departed && serves(f)); END }
#else
  ok = true;
#endif
  if
  :: ok ->
#ifndef MUTANT_GENERATION_KEPT
#ifndef MUTANT_GENERATION_FIRST
     atomic { BEGIN(forget); gen[f] = 0; END }
#endif
#endif
     atomic { BEGIN(activate); if :: imp[t] && (st[t] == importing || st[t] == departed) && serves(t) -> st[t] = live; imp[t] = false; check() :: else fi; ok = (st[t] == live || st[t] == frozen); END }
     if
     :: ok -> atomic { BEGIN(done); if :: phase == open -> phase = closed :: else fi; END }; ok = false
     :: else
     fi
  :: else
  fi
}

/* Before it: the target first, so that nobody can seal any more once the source has thawed. */
inline backward(f, t, open, closed, done) {
#ifdef MUTANT_THAW_FIRST
  atomic { if :: (st[f] == frozen || st[f] == sealed) -> st[f] = live; check() :: else fi }
#endif
  atomic { BEGIN(discard); if :: st[t] == importing -> st[t] = absent :: else fi; imp[t] = false; ended[t] = true; END }
#ifndef MUTANT_THAW_FIRST
  atomic { BEGIN(thaw); if :: (st[f] == frozen || st[f] == sealed) && serves(f) -> st[f] = live; check() :: else fi; ok = serves(f); END }
  if
  :: ok -> atomic { BEGIN(done); if :: phase == open -> phase = closed :: else fi; END }; ok = false
  :: else
  fi
#else
  atomic { if :: phase == open -> phase = closed :: else fi }
#endif
}

proctype Orchestrator() {
  byte tok; byte mark; bool ok;
  do
  :: phase == planned ->
     if
     :: atomic { BEGIN(start); if :: phase == planned -> phase = copying :: else fi; END }
     :: atomic { BEGIN(abort); if :: phase == planned -> phase = aborting :: else fi; END }
     fi
  :: phase == copying ->
     atomic { BEGIN(import); if :: (st[D] == absent && fresh(D)) -> st[D] = importing; imp[D] = true; val[D] = 0 :: else fi; END }
     if
     :: cutover(S, D, copying, committed)
     :: recover(S, D, copying, committed)
     :: atomic { BEGIN(abort); if :: phase == copying -> phase = aborting :: else fi; END }
     fi
  :: phase == aborting -> backward(S, D, aborting, aborted, gave_up)
  :: phase == committed -> forward(S, D, committed, settling, settle)
#ifndef NO_WINDOW
  :: phase == settling ->
     atomic { BEGIN(follow); if :: (st[S] == departed && serves(S) && fresh(S) && !imp[S]) -> imp[S] = true :: else fi; END }
     if
     :: atomic { BEGIN(give_back); if :: phase == settling -> phase = returning :: else fi; END }
     :: atomic { BEGIN(finish); if :: phase == settling -> phase = cleaning :: else fi; END }
     fi
  :: phase == returning ->
     if
     :: cutover(D, S, returning, returned)
     :: recover(D, S, returning, returned)
     :: atomic { BEGIN(keep); if :: phase == returning -> phase = keeping :: else fi; END }
     fi
  :: phase == returned -> forward(D, S, returned, clearing, resume)
  :: phase == keeping -> backward(D, S, keeping, cleaning, kept)
  :: phase == clearing -> atomic { BEGIN(clear); if :: phase == clearing -> phase = rolled_back :: else fi; END }
  :: phase == cleaning ->
     atomic { BEGIN(unfollow); imp[S] = false; ended[S] = true; END }
     atomic { BEGIN(clean); if :: phase == cleaning -> phase = completed :: else fi; END }
  :: phase == completed -> assert(st[D] != sealed && (st[S] == departed || refusing)); break
  :: phase == rolled_back -> assert(st[S] != sealed && st[D] == departed); break
#else
  :: phase == settling -> assert(st[D] != sealed && (st[S] == departed || refusing)); break
#endif
  :: phase == aborted -> assert(st[S] != sealed || refusing); break   /* never left stuck */
  od
}
