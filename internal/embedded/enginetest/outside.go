package enginetest

import (
	"os"
	"os/exec"
	"testing"
)

const (
	// outsideKafka names the brokers that Kafka gives to tests instead of the embedded one, comma-separated.
	outsideKafka = "TRUNKLINE_TEST_KAFKA"
	// outsideRestart names the command that kills and restarts them.
	outsideRestart = "TRUNKLINE_TEST_KAFKA_RESTART"
)

// restartOutside kills and restarts the broker that is not ours.
func restartOutside(tb testing.TB) {
	tb.Helper()
	command := os.Getenv(outsideRestart)
	if command == "" {
		tb.Fatalf("%s is not set: name the command that restarts the broker", outsideRestart)
	}
	if out, err := exec.CommandContext(tb.Context(), "bash", "-c", command).CombinedOutput(); err != nil { //nolint:gosec // The tester's own command.
		tb.Fatalf("restart the broker: %v: %s", err, out)
	}
}
