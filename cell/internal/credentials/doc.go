// Package credentials is how a tenant's users sign in: passwords, second steps,
// and the codes that mails carry. Whoever signs users in (the control plane's
// pages) asks it at the cell's internal door; it never sees what is stored.
//
// # Who is told what
//
// A refused login says nothing but that. Unknown address, wrong password, locked
// account and disabled user take the same path: one look, one row that counts
// the attempt, one password hash. What somebody without a session asks for (a
// mail to reset a password) is enqueued for the unknown, too, and the job finds
// nobody.
//
// # Lock-out
//
// An attempt is counted before it is judged, so a crowd of guesses is a row of
// guesses. After [cell.MaxFailures] in a row an account is locked for
// [cell.LockOut], in which the right password is refused like a wrong one. The
// second step counts on the same row, and only a login that is complete clears
// it: a password that is known gives no new guesses at the code.
//
// # What works once
//
// A TOTP code (the newest step that was used is kept, and none before it is
// taken), a recovery code, a code of a mail, a passkey's challenge: each is used
// up in the transaction that does what it is for.
//
// # What is stored
//
// Rows of the tenant, so they move with it, and a login works in the target cell.
// Passwords are argon2id, codes and devices' secrets SHA-256 of 80 random bits or
// more, TOTP secrets as they are: schema/00026_credentials.sql says why.
//
// Every change of a user's credentials is in the tenant's audit log, by the id of
// who made it, and so is every login that was completed, and every lock-out.
package credentials
