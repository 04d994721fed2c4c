// Package smtpsink is a mail server for development: it accepts every mail,
// delivers none, and shows them on a web page and as JSON. Mails are files, so
// they survive a restart; the oldest go when there are too many.
package smtpsink
