// Package password stores passwords so that whoever steals the rows has to
// guess, and says which passwords may be chosen.
//
// # How they are stored
//
// As argon2id with the cost that OWASP's cheat sheet recommends (19 MiB, two
// passes, one lane), in the PHC string format, which says its own cost: a
// password that was stored under another one still verifies, is reported as
// outdated, and is stored anew by whoever just saw it. Memory is what makes
// guessing dear; it would also let a crowd of logins exhaust the machine, so a
// [Hasher] works at a bounded number at once, lets a bounded number wait, and
// refuses the rest (unavailable).
//
// What does not exist takes as long as what does: verifying against the empty
// string costs the same and never succeeds.
//
// # Which may be chosen
//
// What NIST SP 800-63B asks: at least 8 characters, at most 1024 bytes, any
// characters, no rules about their kinds, compared in Unicode's form NFKC; not
// one of those that are tried first, nor the person's own name or address.
// "Tried first" is breached.bin, a Bloom filter of the 49,233 passwords of
// zxcvbn's dictionary (MIT licence, Copyright 2012–2016 Dan Wheeler and Dropbox,
// 2021 zxcvbn-ts), at 20 bits a word: 123 kB, and about 7 of 100,000 passwords
// that are not in the list are refused all the same. A few digits or signs
// behind a word of the list do not make it another one. To make the filter anew:
//
//	npm pack @zxcvbn-ts/language-common@3.0.4 && tar xzf zxcvbn-ts-language-common-3.0.4.tgz
//	go run ./shared/password/internal/makefilter -list package/src/passwords.json -out shared/password/breached.bin
package password
