// Package local runs the whole platform on one machine: every server and every
// program of it, on loopback, with ports and data of its own. Nothing that the
// machine runs already is used or touched, and several platforms run side by
// side if their directories and ports differ.
//
// A platform consists of parts, each one process. A part runs on when the
// program that started it ends (unless Options.Attached says otherwise); the
// next one finds it by what platform.json records.
//
//	                 Up, Start                ready check
//	stopped ───────────────────▶ starting ─────────────────▶ running
//	   ▲                            │ dies                     │ dies, Kill
//	   │ Down, Stop                 ▼                          ▼
//	   └───────────────────────── dead ◀───────────────────────┘
//
// platform.json is authoritative: which process is which part (pid and start
// time), every secret, the demo tenants. It is written before anything depends
// on what it says, and replaced as a whole. One lock keeps two programs from
// changing a platform at the same time.
//
// Invariant: Up changes nothing that runs. It starts what does not, in the
// order of what needs what, and refuses before the first start if that cannot
// work: a port taken, no permission, no space.
package local
