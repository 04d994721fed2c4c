// Package stripetest is a small Stripe: its HTTP API as far as this platform
// uses it, with state. Customers, products, prices, coupons, subscriptions with
// trials and schedules, invoices with prorations, retries and refunds, meters and
// their events, Checkout and portal, signed webhooks.
//
// # Time
//
// Nothing happens by itself: time passes when [Server.Advance] says so, and what
// is due by then happens in its order — trials end, periods are renewed, open
// invoices are tried again. A program that runs it for people has it follow the
// clock ([Server.Follow]), ahead of it or behind as POST /v1/test_helpers/clock says.
//
// # What can go wrong
//
// Every change makes an event. Events are handed out in order by
// [Server.TakeEvents]; a test reorders, repeats, delays and loses them as it
// likes before it posts what [Server.Signed] makes of them, and a program has
// [Server.Deliver] do it. Payments of a customer are declined while
// [Server.Decline] says so; requests fail as [Server.FailWith] says, before or
// after they took effect; identifiers of meter events are forgotten after 24
// hours, like Stripe's.
//
// # What it is not
//
// It checks states, not shapes: parameters that it does not know are ignored.
// Shapes are what stripe-mock is for.
package stripetest
