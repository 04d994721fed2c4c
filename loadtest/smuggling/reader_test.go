//go:build smuggling

package smuggling_test

import (
	"slices"
	"strings"
	"testing"
)

// The reader is what everything is measured by.
func TestReadings(t *testing.T) {
	t.Parallel()
	const get, post = "GET /a HTTP/1.1\r\nHost: x\r\n", "POST /b HTTP/1.1\r\nHost: x\r\n"
	for octets, want := range map[string]string{
		get + "\r\n":                                                        "GET /a whole",
		get + "\r\n" + get + "\r\n":                                         "GET /a whole, GET /a whole",
		"\r\n" + get + "\r\n":                                               "GET /a whole",
		get + "Connection: close\r\n\r\n" + get:                             "GET /a whole",
		post + "Content-Length: 3\r\n\r\nabc" + get:                         "POST /b abc whole",
		post + "Content-Length: 3\r\n\r\nab":                                "POST /b",
		post + "Content-Length: +3\r\n\r\nabc":                              "",
		post + "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc":          "",
		post + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\nabc": "",
		post + "Transfer-Encoding: chunked\r\n\r\n3;x\r\nabc\r\n0\r\nT: u\r\n\r\n" + get + "\r\n": "POST /b abc whole, GET /a whole",
		post + "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n":                              "POST /b",
		post + "Transfer-Encoding: chunked\r\n\r\n3\nabc\r\n0\r\n\r\n":                            "POST /b",
		post + "Transfer-Encoding: identity\r\n\r\n":                                              "",
		"POST / HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n":               "",
		"GET / HTTP/1.0\r\nHost: x\r\n\r\n" + get + "\r\n":                                        "GET / whole",
		"GET http://X/a HTTP/1.1\r\nHost: x\r\n\r\n":                                              "GET /a whole",
		"GET http://y/a HTTP/1.1\r\nHost: x\r\n\r\n":                                              "",
		"CONNECT /a HTTP/1.1\r\nHost: x\r\n\r\n":                                                  "",
		"GET /a HTTP/1.1\r\n\r\n":                                                                 "",
		get + "Host: x\r\n\r\n":                                                                   "",
		get + "X : y\r\n\r\n":                                                                     "",
		get + "X: y\r\n z\r\n\r\n":                                                                "",
		get + "X: y\nZ: z\r\n\r\n":                                                                "",
		get + "X: \xff\r\n\r\n":                                                                   "GET /a whole",
		get + "X: \x00\r\n\r\n":                                                                   "",
		strings.ReplaceAll(get, "\r\n", "\n") + "\n":                                              "",
	} {
		var all []string
		for _, r := range read(octets) {
			text := r.method + " " + r.target
			if r.body != "" {
				text += " " + r.body
			}
			if r.whole {
				text += " whole"
			}
			all = append(all, text)
		}
		if got := strings.Join(all, ", "); got != want {
			t.Errorf("%q reads as %q, want %q", octets, got, want)
		}
	}
}

// Mutations must be the same in every run, and good ones must have readings.
func TestTheCorpusIsTheSameInEveryRun(t *testing.T) {
	t.Parallel()
	once, again := corpus(false), corpus(false)
	for i := range once {
		if len(once) != len(again) || !slices.Equal(once[i].write(somewhere), again[i].write(somewhere)) {
			t.Fatalf("mutation %d is another one in the next run", i)
		}
		if octets := strings.Join(once[i].write(somewhere), ""); once[i].served && len(read(octets)) == 0 {
			t.Errorf("%s: %s is to be served, and is no request", once[i].family, once[i].name)
		}
	}
}
