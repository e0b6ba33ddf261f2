package alert

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"trunkline/internal/money"
)

// Message is what a channel is told.
type Message struct {
	Delivery int64        `json:"delivery"` // The same for every try and every replay: it is to be acted on once.
	Alarm    int64        `json:"alarm,omitempty"`
	Event    int64        `json:"event,omitempty"`
	State    string       `json:"state"` // fires, cleared, or of an event happened.
	Rule     string       `json:"rule"`  // Of an event its kind, such as invoice.issued.
	Tenant   string       `json:"tenant"`
	Owner    string       `json:"owner,omitempty"`
	Value    money.Amount `json:"value"`
	Text     string       `json:"text"`
	At       time.Time    `json:"at"`
	// Data says more of an event.
	Data json.RawMessage `json:"data,omitempty"`
}

// Body is the message as a webhook gets it.
func (m *Message) Body() ([]byte, error) {
	data, err := json.Marshal(m)
	if err != nil {
		return nil, fmt.Errorf("message %d: %w", m.Delivery, err)
	}
	return data, nil
}

// Subject is the subject of a mail.
func (m *Message) Subject() string {
	return fmt.Sprintf("[trunkline] %s %s: %s", m.Rule, m.State, m.Tenant)
}

// Signature signs a body that is sent at a moment: "sha256=" and the HMAC-SHA256, in hex, of the Unix time in decimal
// digits, a dot, and the body. Who receives it computes the same of the header Trunkline-Timestamp and the body, compares
// in constant time, and refuses what is older than some minutes.
func Signature(secret string, at time.Time, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	_, _ = mac.Write([]byte(strconv.FormatInt(at.Unix(), 10) + ".")) // It never fails.
	_, _ = mac.Write(body)
	return "sha256=" + hex.EncodeToString(mac.Sum(nil))
}
