// Package wire is how the router talks to sockets: few system calls, no timers.
//
// # System calls
//
// A request costs a read and a write on each side. Go's net adds a third on the
// side that waits for an answer: Read tries first, is told EAGAIN, and only then
// parks. [Conn.Exchange] writes and parks in one step instead, which is
// possible where the peer speaks only when spoken to.
//
// # Deadlines
//
// Setting a deadline twice a request arms and moves a runtime timer each time.
// Here a deadline is an atomic number, and a [Reaper] looks at all of them
// several times a second: it ends what is overdue by setting a deadline in the
// past on the connection itself. So deadlines are late by up to [Tick].
package wire
