package embedded

// State is what an engine is doing.
type State string

// The states of an engine.
const (
	// StateStarting is the time from the start of the engine to its first answer.
	StateStarting State = "starting"
	// StateReady means that the engine has answered a query and runs.
	StateReady State = "ready"
	// StateRestarting means that the engine has died and is being started again.
	StateRestarting State = "restarting"
	// StateStopped means that the engine was stopped, or never came up.
	StateStopped State = "stopped"
)

// Health is a snapshot of one engine for a health page. It holds no secret.
type Health struct {
	// Name is "postgres", "clickhouse" or "kafka".
	Name string
	// State is what the engine is doing at the moment.
	State State
	// Restarts counts how often the engine was started again after it had died.
	Restarts int
	// LastError is the reason of the last death or of the last failed start, "" if there was none.
	LastError string
	// Address is host:port of the engine's own protocol. It does not change while the program runs.
	Address string
	// PID is the process of the engine; this process for Kafka, 0 while there is none.
	PID int
}
