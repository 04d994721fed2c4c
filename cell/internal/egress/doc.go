// Package egress makes HTTP requests to addresses that tenants choose, and
// never to anything but the public internet.
//
// # What holds
//
// The decision is made on the address that is being connected to, in the
// dialer's control hook: between name resolution and connect, for every single
// attempt. So neither a spelling of an address (decimal, octal, hexadecimal,
// mapped into IPv6, full-width digits) nor a name that resolves otherwise at the
// second look (DNS rebinding) gets past it. Rules on the URL come before that,
// only to tell the tenant early what can never work ([Guard.CheckURL]).
//
// Redirects are not followed. No proxy is taken from the environment: it would
// connect in our place. Answers are read up to a limit, uncompressed, within a
// time. No cookies, no credentials in URLs.
//
// # Exceptions
//
// Tests and the local platform name networks that are let through
// ([Options.Allow]); with any named, all ports are. Nothing is by default.
package egress
