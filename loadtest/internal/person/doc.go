// Package person is somebody with a browser that runs no scripts: it opens the
// login application's pages, fills in their forms, reads mails, and comes back to
// an application with a code. Every page must work for it.
package person
