package terminal

import (
	"cmp"
	"fmt"
	"io"
	"strconv"
	"time"

	"trunkline/console"
)

// callsPrinted is how many calls in progress are listed.
const callsPrinted = 20

// Status shows how a running process is: its parts, gateways and the oldest calls in progress.
func Status(out io.Writer, o *console.Overview) error {
	w := aligned(out)
	for _, p := range o.Parts {
		fmt.Fprintf(w, "%s\t%s\t%s\n", p.Name, p.State, p.Detail)
	}
	fmt.Fprintf(w, "phones\t%d registered\n", o.Phones)
	fmt.Fprintf(w, "unrated\t%d legs\t%s\n", o.Unrated, hint(o.Unrated > 0, "see `trunkline dead list`"))
	fmt.Fprintf(w, "\nGATEWAY\tCARRIER\tADDRESS\tCALLS\tSTATE\n")
	for _, g := range o.Gateways {
		state := "open"
		if g.Locked {
			state = "locked: " + g.Reason
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", g.ID, g.Carrier, g.Address, outOf(g.Calls, g.Max), state)
	}
	fmt.Fprintf(w, "\n%d calls in progress\n", o.Total)
	if len(o.Calls) > 0 {
		fmt.Fprintf(w, "CALL\tTENANT\tEXTENSION\tFROM\tTO\tBY\tSTATE\tTALK\tLEFT\n")
	}
	for _, c := range o.Calls[:min(len(o.Calls), callsPrinted)] {
		left := "no bound"
		if c.Remaining >= 0 {
			left = (time.Duration(c.Remaining) * time.Second).String()
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", c.ID, c.Tenant, c.Extension, c.From, c.To, c.Gateway, c.State,
			time.Duration(c.Seconds)*time.Second, left)
	}
	return w.Flush()
}

func hint(show bool, text string) string {
	if !show {
		return ""
	}
	return text
}

func outOf(n, most int) string {
	if most == 0 {
		return strconv.Itoa(n)
	}
	return fmt.Sprintf("%d of %d", n, most)
}

// Locks lists who is refused because of wrong passwords.
func Locks(out io.Writer, locks []console.SIPLock) error {
	if len(locks) == 0 {
		_, err := fmt.Fprintln(out, "nobody is locked")
		return err
	}
	w := aligned(out)
	fmt.Fprintf(w, "SOURCE\tLOGIN\tFAILURES\tUNTIL\n")
	for _, l := range locks {
		fmt.Fprintf(w, "%s\t%s\t%d\t%s\n", l.Source, cmp.Or(l.Login, "(all)"), l.Failures, l.Until.Format(time.RFC3339))
	}
	return w.Flush()
}
