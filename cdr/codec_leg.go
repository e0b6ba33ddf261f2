package cdr

import (
	"fmt"
	"math"
	"strings"
	"time"
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protowire"

	"trunkline/internal/calls"
	"trunkline/internal/e164"
)

// Numbers of the fields of a leg: see leg.proto.
const (
	legVersion = iota + 1
	legCall
	legSeq
	legKind
	legDirection
	legSetup
	legProgress
	legConnect
	legDisconnect
	legGranted
	legReserved
	legStatus
	legCause
	legReleasedBy
	legReason
	legSource
	legNode
	legTenant
	legBranch
	legExtension
	legNumber
	legTariff
	legCarrier
	legGateway
	legDeck
	legFrom
	legTo
	legCallerID
	legDialled
	legSIPCallID
	legRemote
	legRaw
	legTrace
	legVerdict
	legTrunk
	legQuota
	legDrawnMoney
	legDrawnSeconds
)

// AppendLeg appends the binary form of a leg, as in leg.proto, to dst. Times are cut to microseconds.
func AppendLeg(dst []byte, l *Leg) []byte {
	b := appendNumber(dst, legVersion, codecVersion)
	b = protowire.AppendTag(b, legCall, protowire.BytesType)
	id := l.Call.Bytes()
	b = protowire.AppendBytes(b, id[:])
	b = appendNumber(b, legSeq, uint64(l.Seq))
	b = appendNumber(b, legKind, uint64(l.Kind))
	b = appendNumber(b, legDirection, uint64(l.Direction))
	b = appendTime(b, legSetup, l.Setup)
	b = appendTime(b, legProgress, l.Progress)
	b = appendTime(b, legConnect, l.Connect)
	b = appendTime(b, legDisconnect, l.Disconnect)
	b = appendInt(b, legGranted, l.Granted.Microseconds())
	if l.Reserved {
		b = appendNumber(b, legReserved, 1)
	}
	b = appendNumber(b, legStatus, uint64(l.SIPStatus))
	b = appendNumber(b, legCause, uint64(l.Cause))
	b = appendNumber(b, legReleasedBy, uint64(l.ReleasedBy))
	b = appendText(b, legReason, l.Reason)
	b = appendText(b, legSource, l.Source)
	b = appendText(b, legNode, l.Node)
	b = appendText(b, legTenant, l.Tenant)
	b = appendText(b, legBranch, l.Branch)
	b = appendText(b, legExtension, l.Extension)
	b = appendText(b, legNumber, l.Number)
	b = appendText(b, legTariff, l.Tariff)
	b = appendText(b, legCarrier, l.Carrier)
	b = appendText(b, legGateway, l.Gateway)
	b = appendText(b, legDeck, l.Deck)
	b = appendText(b, legFrom, l.From.Digits())
	b = appendText(b, legTo, l.To.Digits())
	b = appendText(b, legCallerID, l.CallerID)
	b = appendText(b, legDialled, l.Dialled)
	b = appendText(b, legSIPCallID, l.SIPCallID)
	b = appendText(b, legRemote, l.Remote)
	b = appendText(b, legRaw, l.Raw)
	b = appendText(b, legVerdict, l.Verdict)
	b = appendText(b, legTrunk, l.Trunk)
	b = appendDraw(b, &l.Draw)
	if len(l.Trace) > 0 {
		b = protowire.AppendTag(b, legTrace, protowire.BytesType)
		b = protowire.AppendBytes(b, l.Trace)
	}
	return b
}

// DecodeLeg reads what AppendLeg wrote into l, which is overwritten. Fields that it does not know are skipped. The leg
// keeps nothing of data. An error wraps ErrCodec.
func DecodeLeg(data []byte, l *Leg) error {
	return decodeLeg(wire{data: data, text: string(data)}, l)
}

func decodeLeg(w wire, l *Leg) error {
	*l = Leg{}
	for {
		f, more, err := w.next()
		if err != nil {
			return err
		}
		if !more {
			return l.check()
		}
		if f.bytes {
			err = l.setBytes(&w, f)
		} else {
			err = l.setNumber(f)
		}
		if err != nil {
			return err
		}
	}
}

// check refuses a leg without identity.
func (l *Leg) check() error {
	switch {
	case l.Call.IsZero():
		return fmt.Errorf("%w: it has no call id", ErrCodec)
	case l.Kind != Ingress && l.Kind != Egress:
		return fmt.Errorf("%w: %s: kind %d", ErrCodec, l.ID(), l.Kind)
	case l.Direction < calls.Outbound || l.Direction > calls.Internal:
		return fmt.Errorf("%w: %s: direction %d", ErrCodec, l.ID(), l.Direction)
	}
	return nil
}

func (l *Leg) setBytes(w *wire, f field) (err error) {
	switch f.number {
	case legCall:
		if l.Call, err = calls.IDFromBytes(w.data[f.start:f.end]); err != nil {
			return fmt.Errorf("%w: %w", ErrCodec, err)
		}
	case legTrace:
		l.Trace = append([]byte(nil), w.data[f.start:f.end]...)
	case legQuota:
		err = l.Draw.setQuota(w.data[f.start:f.end])
	case legFrom:
		l.From, err = wireNumber(w.string(f))
	case legTo:
		l.To, err = wireNumber(w.string(f))
	default:
		if p := l.text(f.number); p != nil {
			*p, err = wireText(f.number, w.string(f))
		}
	}
	return err
}

// wireText refuses names that no store takes: text that is no UTF-8, or has a zero byte, names nothing. What peers said of
// themselves is mended instead, for a call is not lost because a phone writes Latin-1.
func wireText(number int, s string) (string, error) {
	if utf8.ValidString(s) && strings.IndexByte(s, 0) < 0 {
		return s, nil
	}
	switch number {
	case legReason, legCallerID, legDialled, legSIPCallID, legRemote, legRaw, legTrunk:
		return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD"), nil
	}
	return "", fmt.Errorf("%w: field %d is no text: %q", ErrCodec, number, s)
}

func wireNumber(s string) (e164.Number, error) {
	if s == "" {
		return e164.Number{}, nil
	}
	n, err := e164.Parse(s)
	if err != nil {
		return n, fmt.Errorf("%w: %w", ErrCodec, err)
	}
	return n, nil
}

// text returns where the plain text field of that number is kept; nil for a number that is no such field.
func (l *Leg) text(number int) *string {
	switch number {
	case legReason:
		return &l.Reason
	case legSource:
		return &l.Source
	case legNode:
		return &l.Node
	case legTenant:
		return &l.Tenant
	case legBranch:
		return &l.Branch
	case legExtension:
		return &l.Extension
	case legNumber:
		return &l.Number
	case legTariff:
		return &l.Tariff
	case legCarrier:
		return &l.Carrier
	case legGateway:
		return &l.Gateway
	case legDeck:
		return &l.Deck
	case legCallerID:
		return &l.CallerID
	case legDialled:
		return &l.Dialled
	case legSIPCallID:
		return &l.SIPCallID
	case legRemote:
		return &l.Remote
	case legRaw:
		return &l.Raw
	case legVerdict:
		return &l.Verdict
	case legTrunk:
		return &l.Trunk
	}
	return nil
}

func (l *Leg) setNumber(f field) error {
	v := f.varint
	switch f.number {
	case legVersion:
		return checkVersion(v)
	case legSetup:
		l.Setup = wireTime(v)
	case legProgress:
		l.Progress = wireTime(v)
	case legConnect:
		l.Connect = wireTime(v)
	case legDisconnect:
		l.Disconnect = wireTime(v)
	case legGranted:
		return l.setGranted(v)
	case legReserved:
		l.Reserved = v != 0
	case legDrawnMoney, legDrawnSeconds:
		return l.Draw.setNumber(f)
	case legSeq, legStatus:
		return l.setSmall(f, math.MaxUint16)
	case legKind, legDirection, legCause, legReleasedBy:
		return l.setSmall(f, math.MaxUint8)
	}
	return nil
}

// setGranted refuses a bound that would turn negative or overflow in nanoseconds.
func (l *Leg) setGranted(micros uint64) error {
	if micros > math.MaxInt64/1000 {
		return fmt.Errorf("%w: granted for %d microseconds", ErrCodec, micros)
	}
	l.Granted = time.Duration(micros) * time.Microsecond
	return nil
}

func (l *Leg) setSmall(f field, highest uint64) error {
	v := f.varint
	if v > highest {
		return fmt.Errorf("%w: field %d is %d, more than %d", ErrCodec, f.number, v, highest)
	}
	switch f.number {
	case legSeq:
		l.Seq = uint16(v) //nolint:gosec // Bounded above.
	case legStatus:
		l.SIPStatus = uint16(v) //nolint:gosec // Bounded above.
	case legKind:
		l.Kind = Kind(v) //nolint:gosec // Bounded above.
	case legDirection:
		l.Direction = calls.Direction(v) //nolint:gosec // Bounded above.
	case legCause:
		l.Cause = uint8(v) //nolint:gosec // Bounded above.
	case legReleasedBy:
		l.ReleasedBy = Side(v) //nolint:gosec // Bounded above.
	}
	return nil
}
