package listen

import (
	"encoding/binary"
	"errors"
	"io"
	"net/netip"
)

// The PROXY protocol, version 2, binary
// (https://www.haproxy.org/download/2.6/doc/proxy-protocol.txt, §2.2).
const (
	proxySignature = "\r\n\r\n\x00\r\nQUIT\n"
	proxyFixed     = 16   // bytes before the addresses
	maxProxyHeader = 2048 // bytes after the fixed part: addresses and TLVs
)

// Errors of a PROXY header. They name no byte of it.
var (
	errNoHeader       = errors.New("no PROXY protocol header of version 2")
	errHeaderCommand  = errors.New("PROXY header: unknown version or command")
	errHeaderFamily   = errors.New("PROXY header: not a TCP connection")
	errHeaderTooShort = errors.New("PROXY header: too short for its addresses")
	errHeaderTooLong  = errors.New("PROXY header: too long")
)

// readProxyHeader reads exactly the header. The address is not valid when the
// connection is the proxy's own (LOCAL) or the proxy does not know.
func readProxyHeader(r io.Reader) (source netip.AddrPort, err error) {
	var buf [256]byte
	fixed := buf[:proxyFixed]
	if _, err := io.ReadFull(r, fixed); err != nil {
		return source, err
	}
	if string(fixed[:12]) != proxySignature {
		return source, errNoHeader
	}
	local, err := isLocal(fixed[12])
	if err != nil {
		return source, err
	}
	size := 0 // a LOCAL header's family and addresses are to be ignored
	if !local {
		if size, err = addressSize(fixed[13]); err != nil {
			return source, err
		}
	}
	length := int(binary.BigEndian.Uint16(fixed[14:16]))
	switch {
	case length > maxProxyHeader:
		return source, errHeaderTooLong
	case length < size:
		return source, errHeaderTooShort
	}
	for rest := length; rest > 0; {
		part := buf[:min(rest, len(buf))]
		if _, err := io.ReadFull(r, part); err != nil {
			return source, err
		}
		if rest == length {
			source = sourceOf(part, size)
		}
		rest -= len(part)
	}
	return source, nil
}

func isLocal(versionAndCommand byte) (bool, error) {
	switch versionAndCommand {
	case 0x20:
		return true, nil
	case 0x21:
		return false, nil
	default:
		return false, errHeaderCommand
	}
}

// Sizes of the address blocks.
const (
	sizeIPv4 = 4 + 4 + 2 + 2
	sizeIPv6 = 16 + 16 + 2 + 2
	sizeUnix = 108 + 108
)

// addressSize says how long the addresses of a family are. Datagrams do not
// come by TCP.
func addressSize(familyAndProtocol byte) (int, error) {
	switch familyAndProtocol {
	case 0x00: // unspecified
		return 0, nil
	case 0x11:
		return sizeIPv4, nil
	case 0x21:
		return sizeIPv6, nil
	case 0x31: // a Unix socket has no address that means anything here
		return sizeUnix, nil
	default:
		return 0, errHeaderFamily
	}
}

// sourceOf reads the source from the beginning of the address block.
func sourceOf(block []byte, size int) netip.AddrPort {
	switch size {
	case sizeIPv4:
		return netip.AddrPortFrom(netip.AddrFrom4([4]byte(block[:4])), binary.BigEndian.Uint16(block[8:10]))
	case sizeIPv6:
		return netip.AddrPortFrom(netip.AddrFrom16([16]byte(block[:16])).Unmap(), binary.BigEndian.Uint16(block[32:34]))
	default:
		return netip.AddrPort{}
	}
}
