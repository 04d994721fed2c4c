// Package browser drives a real browser through the platform as people use it:
// `make test-browser`. Its tests are behind the build tag browser, since they need
// Debian's Chromium.
package browser
