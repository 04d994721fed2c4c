package changestream

import "bytes"

// renamed gives a message that describes a shard the name of its table. Others,
// and those of tables that have their own name, are returned as they are.
func renamed(message []byte, tables map[string]string) []byte {
	const relation, idLength = 'R', 4
	if len(message) < 1+idLength || message[0] != relation {
		return message
	}
	schema := bytes.IndexByte(message[1+idLength:], 0)
	if schema < 0 {
		return message
	}
	at := 1 + idLength + schema + 1
	length := bytes.IndexByte(message[at:], 0)
	if length < 0 {
		return message
	}
	table, there := tables[string(message[at:at+length])]
	if !there {
		return message
	}
	return append(append(bytes.Clone(message[:at]), table...), message[at+length:]...)
}
