package wire

import (
	"encoding/binary"
	"net/netip"
)

// What is needed of STUN (RFC 8489) for keep-alives over UDP (RFC 5626, section 4.4.2): a binding request is answered with the
// address that it came from.
const (
	stunRequest   = 0x0001
	stunSuccess   = 0x0101
	stunCookie    = 0x2112A442
	stunHead      = 20
	stunMapped    = 0x0020 // XOR-MAPPED-ADDRESS.
	stunSourceMax = 548    // A request is no longer than that.
)

// stunAnswer answers a binding request; nil: it is none.
func stunAnswer(data []byte, from netip.AddrPort) []byte {
	if len(data) < stunHead || len(data) > stunSourceMax || binary.BigEndian.Uint16(data) != stunRequest ||
		binary.BigEndian.Uint32(data[4:]) != stunCookie || int(binary.BigEndian.Uint16(data[2:])) != len(data)-stunHead {
		return nil
	}
	family, address := byte(1), from.Addr().AsSlice()
	if from.Addr().Is6() {
		family = 2
	}
	value := []byte{0, family}
	value = binary.BigEndian.AppendUint16(value, from.Port()^(stunCookie>>16))
	for i, b := range address {
		value = append(value, b^data[4+i]) // With the cookie and, for IPv6, the transaction's number.
	}
	out := binary.BigEndian.AppendUint16(nil, stunSuccess)
	out = binary.BigEndian.AppendUint16(out, uint16(4+len(value))) //nolint:gosec // 12 or 24.
	out = append(out, data[4:stunHead]...)
	out = binary.BigEndian.AppendUint16(out, stunMapped)
	out = binary.BigEndian.AppendUint16(out, uint16(len(value))) //nolint:gosec // 8 or 20.
	return append(out, value...)
}
