//go:build smuggling

package smuggling_test

import (
	"fmt"
	"strings"
)

// chunks are chunked bodies that are not well-formed, or that stretch the form.
// Behind each stands the hidden request, where the wrong reader finds it.
func chunks() []mutation {
	var all []mutation
	add := func(name string, body func(hidden string) string) {
		all = append(all, attack(name, func(p *place) string {
			return p.main("POST", "Transfer-Encoding: chunked\r\n", body(p.hidden())) + p.request("GET", "next", "", "")
		}))
	}
	for _, size := range []string{
		"0x5", "0X5", "05", "00000000000000000005", strings.Repeat("0", 14) + "5", strings.Repeat("0", 15) + "5", "+5", "-5", " 5", "\t5", "5 ", "5\t", "5  ", "5\v", "5\x00", "\x005", "5h",
		"5,", "5.0", "5_", "\"5\"", "ffffffff00000005", "100000005", "10000000000000005", "fffffffffffffffb", "ffffffffffffffff", "8000000000000005", "-0", "g", "", " ", ";", "5;", "5;;", "5 ;a",
		"5; a", "5;a ", "5;a=", "5;=b", "5;a=b;c=d", "5;\"", "5;a=\"", "5;a=\"\\\"", "5;a=\"\r\"", "5;\x00", "5;\n", "5;\r", "5;a\nb", "5;a\rb", "5\r", "5\r\r", "5\n", "5\n\r", "5\r\n\r", "5;\xff", "５",
		"5;" + strings.Repeat("a", 4000), "5;" + strings.Repeat("a", 8190), "5;" + strings.Repeat("a", 20000),
	} {
		name := fmt.Sprintf("%.30q", size)
		add("size "+name, func(hidden string) string { return size + "\r\nabcde\r\n" + lastChunk + hidden })
		add("size, LF: "+name, func(hidden string) string { return size + "\nabcde\r\n" + lastChunk + hidden })
		add("last size "+name, func(hidden string) string {
			return "5\r\nabcde\r\n" + strings.ReplaceAll(size, "5", "0") + "\r\n\r\n" + hidden
		})
		add("hidden behind size "+name, func(hidden string) string {
			return strings.ReplaceAll(size, "5", fmt.Sprintf("%x", len(hidden))) + "\r\n" + hidden + "\r\n" + lastChunk
		})
	}
	for _, end := range append([]string{"x", "xx", "0", "\r\nx", "\x00\x00", "  ", "--"}, otherEnds...) {
		name := fmt.Sprintf("%q", end)
		add("data ends with "+name, func(hidden string) string { return "5\r\nabcde" + end + lastChunk + hidden })
		add("data ends, the size is zero at once: "+name, func(hidden string) string { return "5\r\nabcde" + end + "0" + end + end + hidden })
		add("last chunk ends with "+name, func(hidden string) string { return chunk("abcde") + "0\r\n" + end + hidden })
		add("last size ends with "+name, func(hidden string) string { return chunk("abcde") + "0" + end + "\r\n" + hidden })
		add("extension ends with "+name, func(hidden string) string { return "5;a" + end + "abcde\r\n" + lastChunk + hidden })
		add("extension hides a chunk after "+name, func(hidden string) string {
			return fmt.Sprintf("5;%s%x\r\nabcde\r\n0\r\n\r\n%s", end, len(hidden), hidden)
		})
		add("data one too long, "+name, func(hidden string) string { return "4\r\nabcde" + end + lastChunk + hidden })
		add("data one too short, "+name, func(hidden string) string { return "6\r\nabcde" + end + lastChunk + hidden })
	}
	add("no last chunk", func(hidden string) string { return chunk("abcde") + hidden })
	add("no empty line", func(hidden string) string { return chunk("abcde") + "0\r\n" + hidden })
	add("nothing", func(hidden string) string { return hidden })
	add("a request as size", func(hidden string) string { return "GET / HTTP/1.1\r\n" + hidden })
	add("a huge chunk", func(hidden string) string { return "7fffffff\r\n" + hidden })
	add("a size that overflows to the length", func(hidden string) string { return fmt.Sprintf("1%016x\r\n%s\r\n", len(hidden), hidden) + lastChunk })
	add("thousands of chunks", func(hidden string) string { return strings.Repeat("1\r\nx\r\n", 3000) + lastChunk + hidden })
	return all
}

func chunkOctets() []mutation {
	var all []mutation
	for _, b := range oddOctets() {
		for i, body := range []string{b + "5\r\nabcde\r\n", "5" + b + "\r\nabcde\r\n", "5" + b + "\nabcde\r\n", "5\r\nabcde" + b + "\n", "5\r\nabcde\r" + b, "5;" + b + "\r\nabcde\r\n", "5;a=\"" + b + "\"\r\nabcde\r\n"} {
			all = append(all, attack(fmt.Sprintf("%q in spot %d", b, i), func(p *place) string {
				return p.main("POST", "Transfer-Encoding: chunked\r\n", body+lastChunk) + p.hidden()
			}))
		}
		all = append(all, attack(fmt.Sprintf("%q before the end", b), func(p *place) string {
			return p.main("POST", "Transfer-Encoding: chunked\r\n", chunk("abcde")+"0"+b+"\r\n\r\n") + p.hidden()
		}), attack(fmt.Sprintf("%q in a trailer", b), func(p *place) string {
			return p.main("POST", "Transfer-Encoding: chunked\r\n", chunk("abcde")+"0\r\nX-T"+b+": u\r\n\r\n") + p.hidden()
		}))
	}
	return all
}

// trailers name what must not be believed behind a body.
func trailers() []mutation {
	var all []mutation
	for _, line := range append([]string{
		"Content-Length: 5", "Transfer-Encoding: chunked", "Host: other.localhost", "X-Tenant-Id: 00000000-0000-0000-0000-000000000000", "X-Tenant-Epoch: 99", "X-Edge-Signature: v1=00",
		"X_Tenant_Id: 00000000-0000-0000-0000-000000000000", "X-Request-Id: other", "Authorization: Bearer x", "Connection: close", "Trailer: X", "Expect: 100-continue", "X: y", ": y", "X",
		"X : y", " X: y", "X:\r\n y", "GET /hidden HTTP/1.1", "X: y\nZ: w", "X: y\rZ: w", "X: \x00", "\x00", "X: " + strings.Repeat("y", 9000), strings.Repeat("X: y\r\n", 200) + "X: y",
	}, codingLines[:12]...) {
		for _, announced := range []string{"", "Trailer: X-T\r\n", "TE: trailers\r\nConnection: TE\r\n"} {
			all = append(all, attack(fmt.Sprintf("%.40q, announced by %q", line, announced), func(p *place) string {
				return p.main("POST", announced+"Transfer-Encoding: chunked\r\n", chunk("abcde")+"0\r\n"+line+"\r\n\r\n") + p.hidden()
			}))
		}
		all = append(all, attack(fmt.Sprintf("%.40q behind a late body", line), func(p *place) string {
			return p.main("POST", "Transfer-Encoding: chunked\r\n", chunk(strings.Repeat("a", 70_000))+"0\r\n"+line+"\r\n\r\n") + p.hidden()
		}))
	}
	return all
}
