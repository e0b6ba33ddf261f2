package callstate

import (
	"fmt"

	"github.com/fxamacker/cbor/v2"
)

// Encode writes the call for the journal.
func (c *Call) Encode() ([]byte, error) { return cbor.Marshal(c) }

// Encode writes what was last heard for the journal.
func (l *LastHeard) Encode() ([]byte, error) { return cbor.Marshal(l) }

// DecodeCall is the reverse of Call.Encode. Fields that it does not know are passed over.
func DecodeCall(data []byte) (*Call, error) {
	c := new(Call)
	if err := cbor.Unmarshal(data, c); err != nil {
		return nil, fmt.Errorf("read the journal: %w", err)
	}
	return c, nil
}

// DecodeLastHeard is the reverse of LastHeard.Encode; no data is the zero LastHeard.
func DecodeLastHeard(data []byte) (LastHeard, error) {
	var l LastHeard
	if len(data) == 0 {
		return l, nil
	}
	err := cbor.Unmarshal(data, &l)
	return l, err
}
