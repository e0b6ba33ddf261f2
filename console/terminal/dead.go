package terminal

import (
	"encoding/hex"
	"fmt"
	"io"
	"strconv"
	"time"

	"trunkline/cdr"
	"trunkline/cdr/spool"
	"trunkline/console"
)

// DeadLegs lists legs that could not be rated.
func DeadLegs(dead []console.DeadLeg) *Table {
	t := &Table{Columns: []string{"id", "died", "tenant", "carrier", "leg", "to", "reason", "detail"}, Of: "legs"}
	for i := range dead {
		d := &dead[i]
		t.Add(figure(d.ID), d.Failed.UTC().Format(time.RFC3339), d.Tenant, d.Carrier, d.Leg, d.To, d.Reason, d.Detail)
	}
	return t
}

// messageShown bounds how much of a message that is no leg is shown.
const messageShown = 256

// DeadLeg shows all that is known of a leg that could not be rated.
func DeadLeg(out io.Writer, d *console.DeadLeg) error {
	w := aligned(out)
	row := func(name, value string) { fmt.Fprintf(w, "%s\t%s\n", name, dash(value)) }
	row("id", figure(d.ID))
	row("why", d.Reason+": "+d.Detail)
	row("died", d.Failed.Format(time.RFC3339))
	row("retries", strconv.Itoa(d.Retries))
	if d.Came == nil {
		row("message", hex.EncodeToString(d.Message[:min(len(d.Message), messageShown)]))
		return w.Flush()
	}
	showLeg(row, d.Came)
	return w.Flush()
}

func showLeg(row func(name, value string), l *cdr.Leg) {
	row("leg", l.ID())
	row("kind", l.Kind.String()+", "+l.Direction.String()+", from "+l.Source+" by "+l.Node)
	row("tenant", l.Tenant)
	row("branch", l.Branch)
	row("extension", l.Extension)
	row("tariff", l.Tariff)
	row("carrier", l.Carrier)
	row("gateway", l.Gateway)
	row("deck", l.Deck)
	row("from", l.From.String()+" ("+l.CallerID+")")
	row("to", l.To.String()+" (dialled "+l.Dialled+")")
	row("setup", moment(l.Setup))
	row("connect", moment(l.Connect))
	row("disconnect", moment(l.Disconnect))
	row("duration", l.Duration().String())
	row("granted", l.Granted.String())
	row("status", strconv.Itoa(int(l.SIPStatus))+", cause "+strconv.Itoa(int(l.Cause))+", released by "+l.ReleasedBy.String())
	row("counts in", cdr.SlotOf(l).Format(time.RFC3339))
	row("trace", string(l.Trace))
	row("line", l.Raw)
}

// Spooled lists the files of a spool, and the damaged parts of a journal after them.
func Spooled(files, journal []spool.File) *Table {
	t := &Table{Columns: []string{"of", "file", "bytes", "legs", "unsound", "state"}, Of: "files"}
	for _, one := range files {
		state := ""
		if one.Damaged {
			state = "damaged"
		}
		t.Add("spool", one.Name, figure(one.Bytes), strconv.Itoa(one.Legs), strconv.Itoa(one.Doubt), state)
	}
	for _, one := range journal {
		t.Add("journal", one.Name, figure(one.Bytes), "", "", "damaged")
	}
	return t
}

// SpooledLeg shows a leg of a spool's file, as far as it can be read.
func SpooledLeg(out io.Writer, one *spool.Found) {
	state := "sound"
	if !one.Sound {
		state = "UNSOUND: its checksum differs, any field may be wrong"
	}
	fmt.Fprintf(out, "at byte %d, %d bytes, written %s: %s\n", one.Offset, len(one.Raw), one.At.Format(time.RFC3339), state)
	if one.Leg == nil {
		fmt.Fprint(out, "no leg can be read\n"+hex.Dump(one.Raw[:min(len(one.Raw), messageShown)]))
		return
	}
	showLeg(func(name, value string) { fmt.Fprintf(out, "  %-10s %s\n", name, dash(value)) }, one.Leg)
}
