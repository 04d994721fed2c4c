// Package feed keeps the tenant cache fresh: it applies the directory's change
// log from JetStream, and asks the control plane for whatever it missed.
//
//	         ┌── run continues the log ──▶ apply
//	message ─┤
//	         └── gap, or silence ────────▶ changes?since ──410──▶ snapshot
//
// # Invariant
//
// Position v means that every change up to v was offered to the cache. It only
// grows, and only by runs without gaps.
//
// The cache is told whether changes arrive as they are made, so that in LRU mode
// it asks again for old entries only while they do not.
//
// Nothing depends on it for correctness: with NATS and the control plane gone the
// router serves what it knows, and cells refuse what is stale.
package feed
