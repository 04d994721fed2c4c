// Package testkit gives tests real servers: a Postgres database, a RabbitMQ
// vhost, a Redis number and a NATS server for each test that asks, empty, and
// gone when the test ends.
//
// Postgres and RabbitMQ take seconds to start, so one of each serves a whole
// test run: `make test` starts them with cmd/withservers, which tells the test
// programs their addresses in the environment. A test program started any
// other way (go test ./cell/...) starts what its tests ask for, once, and the
// kernel ends that with the program. Redis serves one test program, NATS one
// test.
//
// Server data lies under <repository>/.local/testkit, a directory a run; the
// next run removes those of runs that are over.
//
// A missing server fails a test; it never skips one.
package testkit
