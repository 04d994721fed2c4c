// Package tracing lets one request be seen through all programs: OpenTelemetry
// spans, W3C Trace Context between programs, and who is concerned (tenant and
// cell) as W3C Baggage.
//
// # Who decides what is seen
//
// The program in which a trace begins decides by the trace's id, at the given
// ratio, and says so in the sampled flag; everybody behind it does as the flag
// says. That is cheap and leaves traces whole. It also means that nobody knew
// yet how the request would end, and those that fail or take long are what
// people look for. So spans of a request that was not chosen are made all the
// same, and set aside until its span in this process ends: if that failed, or took
// longer than Options.Slow, they are sent after all, under their own trace id;
// otherwise they are forgotten.
//
//	flag 01 ─────────────────────────────────▶ sent
//	flag 00 ──▶ set aside ──▶ failed or slow ──▶ sent, marked "kept"
//	                     └──▶ went well ───────▶ forgotten
//
// Each process decides that for itself. A slow cell makes its router slow, so
// what both of them know of the request is kept; a failed job keeps what the
// worker knows of it, and not the request that asked for the job, which went
// well. A collector that samples at the tail, seeing whole traces, can do
// better; it then has to be sent everything (ratio 1), which costs each program
// the encoding of each span and the collector memory for every request of some
// seconds. Setting aside costs neither, and works without a collector.
//
// What is kept is bounded (keptPerSecond): when everything fails, one failure in
// hundreds says as much as all of them, and the programs have other worries.
//
// # Cost
//
// A process without an endpoint has a nil [Tracer]; what a library of ours does
// for a span then is one look into the context. A span that is set aside costs
// more than a microsecond and a kilobyte (see the benchmarks).
//
// # Secrets
//
// Spans carry statements, never their parameters; commands, never keys or
// values; paths' templates, never paths; and of an error its code.
package tracing
