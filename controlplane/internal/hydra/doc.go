// Package hydra speaks to Ory Hydra, the authorization server: what the login
// application answers its questions with, which clients it knows, which keys it
// signs with, and the hook by which it asks what a token shall carry.
//
// # Who decides
//
// Hydra is the authority on sessions, grants and tokens; it knows nobody's
// password and no tenant. The login application says who somebody is (the
// tenant's cell has judged it), the token hook what that person may do now. So
// of a tenant's user Hydra keeps an id and the tenant's, nothing else.
//
// # A login
//
//	application ─▶ Hydra ─▶ login page: Login ── AcceptLogin / RejectLogin ─▶ Hydra
//	                      ─▶ consent page: Consent ── AcceptConsent / RejectConsent ─▶ Hydra ─▶ application: code
//	application ── code, or refresh token ─▶ Hydra ── token hook: Claims ─▶ access token
//
// Challenges are Hydra's state, encrypted and carried by the browser: they are
// good for half an hour, and to answer one twice is no error by itself. What is
// good once is the answer that the browser brings back, to the browser in which
// the login began.
//
// # Keys
//
// A new signing key is published before it signs, and published after it has
// signed for the last time for as long as a token lives; see [Client.RotateKeys].
//
// # Errors
//
// Faults: not_found (a challenge that is unknown or has expired), conflict (one
// whose flow is over), unavailable (Hydra does not answer). Challenges, codes and
// tokens stand in no error.
//
// # What must be remembered
//
// Every login is accepted with Remember. One that is not makes Hydra forget the
// browser's session, and where that session had been ended already (a password was
// changed), Hydra 2.3 answers with an error and nobody can sign in from there.
package hydra
