// Package signin is the application in which people sign up, sign in, allow
// applications what they ask for, and look after how they sign in: pages made on
// the server that need no JavaScript (but for passkeys, which browsers give to
// scripts alone).
//
// # Who is authoritative
//
// The tenant's cell, for who somebody is: passwords, second steps, sessions and
// lock-outs are there and move with the tenant. The authorization server, for
// what an application asks and gets. The directory, for where a tenant lives.
// This package stores which of the authorization server's sessions are whose, for
// the server cannot list them; what it must remember between two pages the
// browser keeps, sealed ([sealer]): unreadable, unchangeable, of no use in
// another browser, for another purpose, or later.
//
// # A login
//
//	application ─▶ authorization server ─▶ GET /login ─┬─ known, still: accepted at once
//	                                                   ▼
//	       e-mail and password ──checked in the cells of all tenants of the address──▶ none: refused
//	                 │ one                      │ several: which?                      (one text, one time)
//	                 ▼                          ▼
//	       second step, if one is set up or asked for, and this browser is not remembered
//	                 │
//	                 ▼
//	       new browser id, session in the cell ──▶ accepted ─▶ authorization server ─▶ application
//
// # What nobody learns
//
// Whether an address has an account. A refused login, whatever the reason, is
// answered with one text and not before RefusalTime has passed; an address
// without tenants costs the work of one password all the same. Which tenants an
// address has is told only to whoever knows the password. A forgotten password is
// answered alike for everybody; the mail tells. That a tenant exists is no secret:
// its address is public.
//
// # What binds what
//
// Every form carries a sealed token of the browser id, a cookie that changes with
// each login: a form of another browser, another login or another purpose is
// refused, before that every request that the browser itself calls cross-site.
// Redirects lead to this application or to the authorization server, nowhere
// else. A session is a row in the cell, so a copied cookie ends with it. What
// applications were given in it carries its id, and ends with it, too
// (docs/decisions/0017-what-ends-with-a-session.md).
//
// # Limits
//
// Attempts are bounded for each address and each account in this process's
// memory, and for each account by the cell, which locks it. With n replicas the
// first bound is n times as wide; the cell's is not.
package signin
