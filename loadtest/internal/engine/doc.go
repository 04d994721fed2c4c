// Package engine sends one request at a time on one connection and says how it
// went. There are two engines: fasthttp's parser on connections of our own, which
// costs little CPU, and net/http, for comparison. WebSockets are the same in both.
package engine
