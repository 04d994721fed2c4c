package listen_test

import (
	"bufio"
	"bytes"
	"net"
	"testing"

	proxyproto "github.com/pires/go-proxyproto"

	"github.com/coditect/platform/router/internal/listen"
)

// FuzzProxyHeader compares with go-proxyproto: where both accept, they agree on
// the source and on where the header ends; where they differ, it is one of the
// differences that are meant.
func FuzzProxyHeader(f *testing.F) {
	f.Add(preamble(f, "192.0.2.7:4711"))
	f.Add(preamble(f, "[2001:db8::7]:4711"))
	f.Add([]byte("\r\n\r\n\x00\r\nQUIT\n\x20\x00\x00\x00rest"))
	f.Add([]byte("\r\n\r\n\x00\r\nQUIT\n\x21\x00\x00\x02xxrest"))
	f.Add([]byte("\r\n\r\n\x00\r\nQUIT\n\x20\x11\x00\x01x"))
	f.Add([]byte("PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		mine := bytes.NewReader(raw)
		source, err := listen.ReadProxyHeader(mine)
		reader := bufio.NewReaderSize(bytes.NewReader(raw), 1<<17)
		header, oracleErr := proxyproto.Read(reader)
		if err != nil {
			if oracleErr == nil && !refusedOnPurpose(header, raw) {
				t.Fatalf("refused (%v), the oracle read %+v", err, header)
			}
			return
		}
		if oracleErr != nil {
			// It takes no unknown addresses, which the specification leaves open, nor a
			// LOCAL header whose length does not fit its family, which must be skipped.
			if raw[12] == 0x21 && raw[13] == 0x00 || raw[12] == 0x20 && !source.IsValid() {
				return
			}
			t.Fatalf("read %s, the oracle refused: %v", source, oracleErr)
		}
		var rest bytes.Buffer
		if _, err := rest.ReadFrom(reader); err != nil {
			t.Fatal(err)
		}
		if rest.Len() != mine.Len() {
			t.Fatalf("%d bytes left, the oracle leaves %d", mine.Len(), rest.Len())
		}
		want, ok := header.SourceAddr.(*net.TCPAddr)
		if header.Command.IsLocal() || !ok {
			if source.IsValid() {
				t.Fatalf("an address from nowhere: %s", source)
			}
			return
		}
		if at := want.AddrPort(); source.Addr() != at.Addr().Unmap() || source.Port() != at.Port() {
			t.Fatalf("source %s, the oracle has %s", source, want)
		}
	})
}

// refusedOnPurpose: version 1, datagrams, families that are not defined, and
// headers longer than 2 KiB.
func refusedOnPurpose(header *proxyproto.Header, raw []byte) bool {
	return header.Version == 1 || header.SourceAddr == nil && raw[13] != 0 || header.TransportProtocol.IsDatagram() || int(raw[14])<<8+int(raw[15]) > 2048
}

func TestProxyHeaderAllocatesNothing(t *testing.T) {
	raw := preamble(t, "192.0.2.7:4711")
	reader := bytes.NewReader(raw)
	if n := testing.AllocsPerRun(100, func() {
		reader.Reset(raw)
		if _, err := listen.ReadProxyHeader(reader); err != nil {
			t.Fatal(err)
		}
	}); n > 1 { // the buffer escapes into the reader
		t.Errorf("%v allocations", n)
	}
}
