// Package fence is a few cells whose tenants move all the time, as routers see
// them: at every moment exactly one cell serves a tenant; the others refuse with
// 421, and those that once had it say where it went from there. Nobody tells the
// routers anything else.
//
// Cells check the signature and epoch of every request, and keep count of what
// they executed, so that a request that is executed twice, or refused to its
// client after it was executed, is found.
package fence
