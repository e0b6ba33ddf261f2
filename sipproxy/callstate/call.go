package callstate

import (
	"time"

	"trunkline/cdr"
	"trunkline/routing"
)

// Call is a call in progress: enough to relay within it, to end it in time and to record it after the process was killed.
// Everything else is worked out again from what is provisioned, as of the time of the call.
type Call struct {
	Caller   routing.Caller `cbor:"1,keyasint,omitempty"`
	Dialled  string         `cbor:"2,keyasint,omitempty"`
	CallerID string         `cbor:"3,keyasint,omitempty"`
	Setup    Instant        `cbor:"4,keyasint,omitempty"`
	Progress Instant        `cbor:"5,keyasint,omitempty"`
	Connect  Instant        `cbor:"6,keyasint,omitempty"`
	Heard    Instant        `cbor:"7,keyasint,omitempty"` // When both ends were last known to be there.
	Granted  time.Duration  `cbor:"8,keyasint,omitempty"`
	Final    bool           `cbor:"9,keyasint,omitempty"`
	Reserved bool           `cbor:"10,keyasint,omitempty"`
	Near     Dialog         `cbor:"11,keyasint,omitempty"`
	Attempts []Attempt      `cbor:"12,keyasint,omitempty"`
	Winner   int            `cbor:"13,keyasint,omitempty"` // Index in Attempts; -1 before the call was answered.
	Forward  *Forward       `cbor:"14,keyasint,omitempty"`
	Bridge   *Bridge        `cbor:"15,keyasint,omitempty"`
	Second   *Forward       `cbor:"30,keyasint,omitempty"` // The call that it went on as after that.
	Began    time.Duration  `cbor:"16,keyasint,omitempty"` // Setup by the clock that never steps,
	Boot     string         `cbor:"17,keyasint,omitempty"` // in that life of the machine.
	Lent     bool           `cbor:"18,keyasint,omitempty"`
	Draw     *Draw          `cbor:"19,keyasint,omitempty"`
}

// Attempt is one try at a gateway or phone.
type Attempt struct {
	Seq      int      `cbor:"1,keyasint,omitempty"`
	Gateway  string   `cbor:"2,keyasint,omitempty"`
	Carrier  string   `cbor:"3,keyasint,omitempty"`
	Deck     string   `cbor:"4,keyasint,omitempty"`
	ToSent   string   `cbor:"5,keyasint,omitempty"`
	FromSent string   `cbor:"6,keyasint,omitempty"`
	Setup    Instant  `cbor:"7,keyasint,omitempty"`
	Progress Instant  `cbor:"8,keyasint,omitempty"`
	Connect  Instant  `cbor:"9,keyasint,omitempty"`
	End      Instant  `cbor:"10,keyasint,omitempty"`
	Status   int      `cbor:"11,keyasint,omitempty"`
	Cause    uint8    `cbor:"12,keyasint,omitempty"`
	Side     cdr.Side `cbor:"13,keyasint,omitempty"`
	Reason   string   `cbor:"14,keyasint,omitempty"`
	Far      Dialog   `cbor:"15,keyasint,omitempty"`
	Login    string   `cbor:"16,keyasint,omitempty"` // Of a phone.
	Phone    string   `cbor:"17,keyasint,omitempty"` // Its extension.
	Base     string   `cbor:"18,keyasint,omitempty"` // The deck that a cost-plus sale is built on.
}

// Bridge is what the journal keeps of a call's being joined with another one.
type Bridge struct {
	Call string `cbor:"1,keyasint"`           // The other one.
	Near bool   `cbor:"2,keyasint,omitempty"` // It is the caller's side that talks.
}

// Forward is the second call of the books that a forwarded call is.
type Forward struct {
	ID       string  `cbor:"1,keyasint"`
	Began    Instant `cbor:"2,keyasint"`
	First    int     `cbor:"3,keyasint"`
	Reserved bool    `cbor:"4,keyasint"`
	Route    []byte  `cbor:"5,keyasint"` // JSON, without quote, targets and trace.
}
