// Package web is the HTTP kit of the control plane's and the cell's APIs:
// gorilla/mux routes, generated servers behind an OpenAPI validator, and one
// place where an error becomes an answer.
//
// The chain around a router is, outermost first:
//
//	request id → recover → access log and metrics → body limit → validator → mux → handler
//
// Handlers return errors; [Web.RenderError] renders them as RFC 9457 problem
// documents and logs the cause of those that are our fault.
package web
