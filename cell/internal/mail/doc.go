// Package mail sends the cell's e-mails by SMTP. Texts are templates beside the
// code.
package mail
