package app

import (
	"context"
	"errors"
	"fmt"

	"trunkline/app/doctor"
	"trunkline/cdr"
	"trunkline/cdr/spool"
	"trunkline/internal/cause"
	"trunkline/internal/disk"
	"trunkline/internal/frame"
	"trunkline/internal/node"
)

// Sent is what became of a file of the spool that was sent once more.
type Sent struct {
	Legs int // That the stream has now.
	Left int // Parts that cannot be read, or are unsound and were not to be sent.
}

// SendSpooled brings the legs in a file of this machine's spool to the stream, with unsound those as well that can be read although their
// checksum differs, and notes why. A damaged part of which every leg was sent is settled with that. It may be repeated: a leg that was
// accounted for already is not accounted for again.
func (l *Local) SendSpooled(ctx context.Context, name, reason string, unsound bool) (Sent, error) {
	path, journal, err := doctor.FindSpooled(l.Config.Data, name)
	if err == nil && journal {
		err = cause.Mark(cause.Input, errors.New("the journal has no legs: see `trunkline spool settle`"))
	}
	if err != nil {
		return Sent{}, err
	}
	found, err := spool.Read(disk.OS{}, path)
	if err != nil {
		return Sent{}, cause.Mark(cause.Input, err)
	}
	var legs []cdr.Envelope
	for i := range found {
		if one := &found[i]; one.Leg != nil && (one.Sound || unsound) {
			legs = append(legs, one.Envelope)
		}
	}
	sent := Sent{len(legs), len(found) - len(legs)}
	if len(legs) > 0 {
		if err := l.SendLegs(ctx, legs); err != nil {
			return Sent{}, cause.Mark(cause.State, err)
		}
	}
	if err := l.noteDamage(ctx, "damage_sent", fmt.Sprintf("%s: %d legs sent, %d not: %s", name, sent.Legs, sent.Left, reason)); err != nil {
		return Sent{}, err
	}
	if sent.Left > 0 || !frame.IsAside(path) {
		return sent, nil
	}
	return sent, frame.Settle(disk.OS{}, path)
}

// SettleDamage says that nothing more can be had of a damaged part of this machine's spool or journal, and why. The file stays under
// another name. One that is not damaged is an error that is marked as cause.Input.
func (l *Local) SettleDamage(ctx context.Context, name, reason string) error {
	path, _, err := doctor.FindSpooled(l.Config.Data, name)
	if err != nil {
		return err
	}
	if !frame.IsAside(path) {
		return cause.Mark(cause.Input, fmt.Errorf("%s is no damaged part: their names end in .damaged", name))
	}
	if err := l.noteDamage(ctx, "damage_settled", name+": "+reason); err != nil {
		return err
	}
	return cause.Mark(cause.State, frame.Settle(disk.OS{}, path))
}

// noteDamage writes down what was done about a damaged part of this machine's data folder.
func (l *Local) noteDamage(ctx context.Context, what, reason string) error {
	id, err := node.Read(disk.OS{}, l.Config.Data)
	if err != nil {
		return cause.Mark(cause.Input, err)
	}
	return l.NoteDamage(ctx, l.Who, id.ID, what, reason)
}
