// Package amqp carries references to jobs through RabbitMQ: a quorum queue
// with publisher confirms, and a dead-letter queue for messages that nobody can
// read or that were given back too often. A reference that is lost or stuck
// here costs time only: the job's row is what counts.
package amqp
