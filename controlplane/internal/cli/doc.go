// Package cli is cellctl, the operators' command line: contexts say which
// control plane it talks to, commands call the control plane's API through the
// generated client, and output is made for people or for programs.
//
// Its contract with scripts:
//
//	stdout  the result, and nothing else; -o json is one document, jsonl one object a line
//	stderr  notes, progress, and at a failure one line "cellctl: …" and perhaps one "hint: …"
//	exit    0 ok · 1 failed · 2 wrong usage · 3 a wait timed out · 4 not allowed · 5 conflict
//	        6 a verification found a difference · 7 a migration or rollout was undone
//
// A command returns an error and writes none: [Run] renders it, once. An
// operator's API key enters by a file, standard input or the environment,
// never by an argument, and leaves only as a request's Authorization header.
package cli
