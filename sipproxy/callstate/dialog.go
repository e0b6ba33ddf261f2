package callstate

// Dialog is one side of a call (RFC 3261, section 12).
type Dialog struct {
	CallID    string   `cbor:"1,keyasint,omitempty"`
	Local     string   `cbor:"2,keyasint,omitempty"`
	LocalTag  string   `cbor:"3,keyasint,omitempty"`
	Remote    string   `cbor:"4,keyasint,omitempty"`
	RemoteTag string   `cbor:"5,keyasint,omitempty"`
	Target    string   `cbor:"6,keyasint,omitempty"`
	Routes    []string `cbor:"7,keyasint,omitempty"`
	LocalSeq  uint32   `cbor:"8,keyasint,omitempty"`
	RemoteSeq uint32   `cbor:"9,keyasint,omitempty"`
	Transport string   `cbor:"10,keyasint,omitempty"`
	Source    string   `cbor:"11,keyasint,omitempty"`
	Web       bool     `cbor:"12,keyasint,omitempty"`
	Behind    bool     `cbor:"13,keyasint,omitempty"`
	Host      string   `cbor:"15,keyasint,omitempty"` // Whose certificate the source shows.

	Voice *Media `cbor:"14,keyasint,omitempty"`
}

// Media is a session at a media relay.
type Media struct {
	ID      string `cbor:"1,keyasint"`
	Engine  string `cbor:"2,keyasint,omitempty"`
	Far     bool   `cbor:"3,keyasint,omitempty"`
	NearWeb bool   `cbor:"4,keyasint,omitempty"`
	FarWeb  bool   `cbor:"5,keyasint,omitempty"`
}
