//go:build smuggling

package smuggling_test

import (
	"fmt"
	"strings"
)

// Where a body ends: the classic attacks. What is hidden stands where a server
// that believes the one header finds a body, and one that believes the other a
// request.

// byLength hides a request from whoever goes by Content-Length.
func byLength(p *place, before, after string) string {
	body := lastChunk + p.hidden()
	return p.main("POST", before+length(body)+after, body)
}

// byCoding hides a request from whoever goes by Transfer-Encoding.
func byCoding(p *place, before, after string) string {
	body := chunkedBody(p.hidden())
	return p.main("POST", before+fmt.Sprintf("Content-Length: %d\r\n", strings.Index(body, "\r\n")+2)+after, body)
}

func codingNames() []mutation {
	var all []mutation
	for octet := range 256 {
		b := string([]byte{byte(octet)})
		for _, line := range []string{
			b + "Transfer-Encoding: chunked", "Transfer" + b + "Encoding: chunked", "Transfer-" + b + "Encoding: chunked",
			"Transfer-Encoding" + b + ": chunked", "X: y" + b + "Transfer-Encoding: chunked",
		} {
			all = append(all, attack(fmt.Sprintf("%q", line), func(p *place) string { return byLength(p, "", line+"\r\n") }))
		}
	}
	return all
}

func codingValues() []mutation {
	var all []mutation
	for octet := range 256 {
		b := string([]byte{byte(octet)})
		for i, line := range []string{
			"Transfer-Encoding:" + b + "chunked", "Transfer-Encoding: chunked" + b, "Transfer-Encoding: chu" + b + "nked",
		} {
			all = append(all, attack(fmt.Sprintf("%q", line), func(p *place) string {
				switch (octet + i) % 3 {
				case 0:
					return byLength(p, line+"\r\n", "")
				case 1:
					return byCoding(p, line+"\r\n", "")
				default:
					return p.main("POST", line+"\r\n", chunkedBody("x")) + p.hidden()
				}
			}))
		}
	}
	return all
}

// codingLines are spellings that one server or another was once seen to take for
// a transfer coding.
var codingLines = []string{
	"Transfer-Encoding: chunked", "Transfer-Encoding:chunked", "transfer-encoding: chunked", "TRANSFER-ENCODING: CHUNKED", "Transfer-Encoding: cHuNkEd",
	"Transfer-Encoding : chunked", "Transfer-Encoding\t: chunked", "Transfer-Encoding  :  chunked", " Transfer-Encoding: chunked", "\tTransfer-Encoding: chunked",
	"Transfer-Encoding:\tchunked", "Transfer-Encoding:\vchunked", "Transfer-Encoding:\fchunked", "Transfer-Encoding: \xa0chunked", "Transfer-Encoding: chunked ",
	"Transfer-Encoding: chunked\t", "Transfer-Encoding: chunked\v", "Transfer-Encoding: xchunked", "Transfer-Encoding: chunkedx", "Transfer-Encoding: chunk",
	"Transfer-Encoding: chunked, chunked", "Transfer-Encoding: chunked,chunked", "Transfer-Encoding: chunked, identity", "Transfer-Encoding: identity, chunked",
	"Transfer-Encoding: identity", "Transfer-Encoding: gzip, chunked", "Transfer-Encoding: chunked, gzip", "Transfer-Encoding: gzip", "Transfer-Encoding: deflate",
	"Transfer-Encoding: ,chunked", "Transfer-Encoding: chunked,", "Transfer-Encoding: , ,chunked", "Transfer-Encoding: chunked;", "Transfer-Encoding: chunked;q=1",
	"Transfer-Encoding: chunked;a=b", "Transfer-Encoding: \"chunked\"", "Transfer-Encoding: 'chunked'", "Transfer-Encoding: (x) chunked", "Transfer-Encoding: chunked (x)",
	"Transfer-Encoding:", "Transfer-Encoding: ", "Transfer-Encoding: 0", "Transfer-Encoding: cow", "Transfer-Encoding: chunked\x00", "Transfer-Encoding: \x00chunked",
	"Transfer-Encoding: chunked\r", "Transfer-Encoding: chunked\n", "Transfer-Encoding:\n chunked", "Transfer-Encoding:\r\n chunked", "Transfer-Encoding:\r\n\tchunked",
	"Transfer-Encoding\r\n : chunked", "Transfer-Encoding: x\r\n chunked", "Transfer-Encoding: x,\r\n chunked", "X: y\rTransfer-Encoding: chunked", "X: y\nTransfer-Encoding: chunked",
	"X: y\n\rTransfer-Encoding: chunked", "X: y\r\rTransfer-Encoding: chunked", "X:\nTransfer-Encoding: chunked", "X: y\r\n\x00Transfer-Encoding: chunked",
	"Transfer_Encoding: chunked", "Transfer.Encoding: chunked", "Transfer Encoding: chunked", "TransferEncoding: chunked", "Transfer--Encoding: chunked",
	"-Transfer-Encoding: chunked", "Transfer-Encoding-: chunked", "Transfer-Encodin\xc4\xa1: chunked", "Transfer-Encod\u0131ng: chunked", "Tran\u017ffer-Encoding: chunked",
	"Transfer-Encoding: chun\u212aed", "Transfer\u2010Encoding: chunked", "\xef\xbb\xbfTransfer-Encoding: chunked", "Content-Encoding: chunked", "TE: chunked", "Transfer-Coding: chunked",
	"HTTP_TRANSFER_ENCODING: chunked", "Transfer-Encoding; chunked", "Transfer-Encoding= chunked", "Transfer-Encoding chunked", ":Transfer-Encoding: chunked",
	"Transfer-Encoding:: chunked", "Transfer-Encoding: : chunked", "\"Transfer-Encoding\": chunked", "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
	"Transfer-Encoding: identity\r\nTransfer-Encoding: chunked", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", "Transfer-Encoding: cow\r\nTransfer-Encoding: chunked",
	"Transfer-Encoding: chunked\r\nTransfer-Encoding: cow", "Transfer-Encoding: chunked\r\nTransfer_Encoding: chunked", "Transfer-Encoding: chunked\r\nTransfer-Encoding: ",
	"Connection: Transfer-Encoding\r\nTransfer-Encoding: chunked", "Transfer-Encoding: chunked\r\nConnection: transfer-encoding",
}

func codingSpellings() []mutation {
	var all []mutation
	for _, line := range codingLines {
		all = append(all, attack(fmt.Sprintf("%q alone", line), func(p *place) string {
			return p.main("POST", line+"\r\n", chunkedBody(p.hidden())) + p.request("GET", "next", "", "")
		}), attack(fmt.Sprintf("%q in HTTP/1.0", line), func(p *place) string {
			return strings.Replace(byLength(p, line+"\r\n", "Connection: keep-alive\r\n"), "HTTP/1.1", "HTTP/1.0", 1)
		}))
	}
	return all
}

func lengthAndCoding() []mutation {
	var all []mutation
	for _, line := range codingLines {
		for name, write := range inOrder(map[string]func(p *place) string{
			"length, then": func(p *place) string { return byLength(p, "", line+"\r\n") },
			"before":       func(p *place) string { return byLength(p, line+"\r\n", "") },
			"hidden, then": func(p *place) string { return byCoding(p, "", line+"\r\n") },
			"hidden after": func(p *place) string { return byCoding(p, line+"\r\n", "") },
			"before Host":  func(p *place) string { return strings.Replace(byLength(p, "", ""), "\r\n", "\r\n"+line+"\r\n", 1) },
		}) {
			all = append(all, attack(fmt.Sprintf("%s %q", name, line), write))
		}
	}
	return all
}
