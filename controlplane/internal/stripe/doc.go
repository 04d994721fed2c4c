// Package stripe is the edge to Stripe: its API by stripe-go, and the webhooks
// that it sends. What it returns is in the words of package billing.
//
// # Secrets
//
// The API key and the webhook secret come by [Options] and go nowhere else: the
// library's own log is off, errors carry Stripe's codes and messages only, and
// what Stripe says of the key itself is not repeated.
//
// # Versions
//
// The library speaks API version 2023-10-16 whatever the account's default is.
// Webhooks must be of that version, too: the endpoint at Stripe is made with it,
// and an event of another one is refused with words that say so.
package stripe
