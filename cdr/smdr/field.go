package smdr

// field is one of the meanings that a description gives to a part of a record.
type field int

// The fields. Their names in descriptions are those of fieldNames.
const (
	fDate          field = iota // Day of the stamp.
	fTime                       // Time of day of the stamp.
	fStart                      // Whole time at which the call began.
	fAnswer                     // Whole time of the answer; empty or 0 when there was none.
	fEnd                        // Whole time of the end.
	fDuration                   // From answer to end.
	fRing                       // From the first ring to the answer.
	fTotal                      // From the first ring to the end.
	fDirection                  // A word of calls.Direction.
	fExtension                  // The extension that made or took the call.
	fPartner                    // The other extension of an internal or transferred call.
	fRedirecting                // The party here that redirected the call to where it went.
	fTrunk                      // The line that was used.
	fIncoming                   // The line that an incoming or tandem call came by, where there are two.
	fNumber                     // The other party outside.
	fDID                        // The own number that was called.
	fFrom                       // The caller, where the record has caller and called.
	fTo                         // The called, where the record has caller and called.
	fAccount                    // Account, project or cost code.
	fAuthorization              // Code that allowed the call; the account code where there is none.
	fCause                      // Cause of the end.
	fMark                       // Mark of how the call was handled: condition code, call type, flag.
	fKind                       // Type of the record.
	fCall                       // What the records of one call have in common.
	fPart                       // Which part of a call the record is.
	fEvent                      // Name of an event.
	fLeg                        // What tells the legs of one call apart.
	fFarLeg                     // What tells the leg at the other end apart.
	fNote                       // Anything that rules want to look at.
	fieldCount
)

// fieldNames are the names of the fields in descriptions, in their order.
func fieldNames() [fieldCount]string {
	return [fieldCount]string{
		"date", "time", "start", "answer", "end", "duration", "ring", "total", "direction", "extension", "partner", "redirecting", "trunk",
		"incoming_trunk", "number", "did", "from", "to", "account", "authorization", "cause", "mark", "kind", "call", "part", "event", "leg", "far_leg", "note",
	}
}

// fieldOf finds a field by its name.
func fieldOf(name string) (field, bool) {
	for i, n := range fieldNames() {
		if n == name {
			return field(i), true
		}
	}
	return 0, false
}

// values are the fields of one record, trimmed of blanks.
type values [fieldCount]string
