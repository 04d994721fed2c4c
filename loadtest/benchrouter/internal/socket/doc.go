// Package socket is a thin layer over Linux' sockets and epoll(7) for programs
// whose own CPU time must stay small beside what they measure: one thread, one
// system call a read or write, no goroutine a connection.
package socket
