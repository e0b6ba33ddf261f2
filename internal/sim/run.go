package sim

import (
	"context"
	"fmt"
	"math/rand/v2"
)

// Fault is something that is wrong on purpose, to see that it is found.
type Fault int

// The faults.
const (
	NoFault       Fault = iota
	LostToken           // The store of calls takes a batch each time that it comes.
	LostClaim           // The books forget which legs they know.
	FreeHold            // A hold is granted and no money is held.
	LostSpool           // A proxy that dies loses what it had not sent.
	FreePlace           // The ledger forgets which calls there are.
	BlindMark           // Marks are taken as they are, whatever topic they are of.
	NoRepair            // Ledger and store of calls are not compared.
	UnboundCall         // A proxy lets calls go on after the end of what was granted, and says that it granted more.
	BehindTorn          // The journal writes behind an entry that was torn.
	NoSync              // The spool and the journal answer before the disk has synced.
	CleanInSpite        // A proxy says that all is recorded in spite of damaged parts.
	WallClock           // A call is measured by a clock that can be set.
	NoIdentity          // The ledger takes every process for the proxy whose name it says.
	DeafToJournal       // Calls are connected that the journal could not be told of.
	ForgottenEnd        // The end of a call is not in the journal.
	FreeQuota           // A quota is granted and nothing is held.
	EarlyQuota          // Quotas are finished while calls that draw on them go on.
)

// Options say which world is run.
type Options struct {
	Seed  uint64
	Steps int // 0: 300.
	Fault Fault
	Trace func(line string) // Told what happens; nil: nobody is.
}

// ViolationError says what did not hold.
type ViolationError struct {
	Seed uint64
	Step int
	Text string
}

// Error implements error; it tells how to see it again.
func (v *ViolationError) Error() string {
	return fmt.Sprintf("seed %d, step %d: %s; to replay it: TRUNKLINE_SIM_SEED=%d go test -v -run TestSeeds ./internal/sim", v.Seed, v.Step, v.Text, v.Seed)
}

const defaultSteps = 300

// Run runs a world to its end and returns a *ViolationError if something did not hold. The same options give the same run.
func Run(ctx context.Context, o Options) error {
	if o.Steps <= 0 {
		o.Steps = defaultSteps
	}
	w, err := newWorld(ctx, o, rand.New(rand.NewPCG(o.Seed, 3))) //nolint:gosec // It has to repeat.
	if err != nil {
		return err
	}
	for w.step = 1; w.step <= o.Steps; w.step++ {
		if err := w.act(); err != nil { //nolint:contextcheck // Spools have lives of their own.
			return err
		}
		if err := w.checkAlways(); err != nil {
			return err
		}
	}
	if err := w.wind(); err != nil { //nolint:contextcheck // Spools have lives of their own.
		return err
	}
	return w.checkEnd()
}

func (w *world) violated(format string, args ...any) error {
	return &ViolationError{w.options.Seed, w.step, fmt.Sprintf(format, args...)}
}

func (w *world) trace(format string, args ...any) {
	if w.options.Trace != nil {
		w.options.Trace(fmt.Sprintf("%4d %s  ", w.step, w.clock.Now().Format("02 15:04:05")) + fmt.Sprintf(format, args...))
	}
}
