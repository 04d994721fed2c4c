package controlplane

import "context"

// Actor is on whose behalf something is done; the audit log names it.
type Actor struct {
	Name      string
	Role      string
	RequestID string
}

// System acts when nobody asked: reapers, sweepers.
var System = Actor{Name: "system", Role: "system"}

// Public acts when no key is needed: sign-ups.
var Public = Actor{Name: "public", Role: "public"}

type actorKey struct{}

// WithActor returns a context that carries the actor.
func WithActor(ctx context.Context, a Actor) context.Context {
	return context.WithValue(ctx, actorKey{}, a)
}

// ActorOf returns the actor that ctx carries, or System.
func ActorOf(ctx context.Context) Actor {
	if a, ok := ctx.Value(actorKey{}).(Actor); ok {
		return a
	}
	return System
}
