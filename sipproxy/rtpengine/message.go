package rtpengine

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
)

// Command is what an engine is asked to do.
type Command string

// The commands.
const (
	Offer  Command = "offer"  // Take the description that one end offers, and give the one that the other is told.
	Answer Command = "answer" // The same with what the other end answers.
	Delete Command = "delete" // The call is over.
	ping   Command = "ping"
)

// Request is one command about one call. The fields are those of the protocol of rtpengine ("ng").
type Request struct {
	Command Command  `json:"command"`
	CallID  string   `json:"call-id,omitempty"`
	FromTag string   `json:"from-tag,omitempty"` // Of who has offered.
	ToTag   string   `json:"to-tag,omitempty"`   // Of who answers.
	SDP     string   `json:"sdp,omitempty"`
	ICE     string   `json:"ICE,omitempty"`                // force, remove; empty: as it is.
	Profile string   `json:"transport-protocol,omitempty"` // What the end that is told speaks; empty: the same.
	RTCPMux []string `json:"rtcp-mux,omitempty"`
	DTLS    string   `json:"DTLS,omitempty"`
}

// reply is the answer to a Request.
type reply struct {
	Result string `json:"result"`
	SDP    string `json:"sdp"`
	Reason string `json:"error-reason"`
}

// ErrRefused is returned when an engine answers that it will not do what it was asked.
var ErrRefused = errors.New("the media relay refuses")

// maxDatagram bounds an answer.
const maxDatagram = 65535

// encode writes a request as it goes on the wire: a cookie, by which the answer is known and a repetition is not taken for a
// second request, and the message. Engines take it in bencode or JSON, and answer in the same.
func encode(cookie string, r *Request) ([]byte, error) {
	body, err := json.Marshal(r)
	if err != nil {
		return nil, err
	}
	return append([]byte(cookie+" "), body...), nil
}

// decode reads an answer.
func decode(data []byte) (cookie string, r reply, err error) {
	head, body, ok := bytes.Cut(data, []byte(" "))
	if !ok {
		return "", r, errors.New("no cookie")
	}
	err = json.Unmarshal(body, &r)
	return string(head), r, err
}

// outcome is what an answer says.
func (r *reply) outcome() (string, error) {
	if r.Result == "error" {
		return "", fmt.Errorf("%w: %s", ErrRefused, r.Reason)
	}
	return r.SDP, nil
}
