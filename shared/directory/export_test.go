package directory

import (
	"encoding/binary"
	"hash/crc32"
)

// Sealed makes a snapshot of any blocks, with a checksum that is right, so that
// a fuzzer gets behind it.
func Sealed(blocks []byte, version, tenants uint64) []byte {
	raw := append([]byte(magic), blocks...)
	p := binary.AppendUvarint(nil, version)
	p = binary.AppendUvarint(p, tenants)
	raw = binary.AppendUvarint(append(raw, blockEnd), uint64(len(p)+4))
	raw = append(raw, p...)
	return binary.LittleEndian.AppendUint32(raw, crc32.Checksum(raw, castagnoli))
}

// Unsealed returns the blocks of a snapshot before its end block.
func Unsealed(raw []byte) []byte {
	end := len(raw) - 4
	for raw[end] != blockEnd {
		end--
	}
	return raw[len(magic):end]
}
