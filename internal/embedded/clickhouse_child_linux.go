//go:build linux && amd64

package embedded

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"syscall"

	"github.com/ebitengine/purego"
)

// RunClickHouse is the whole of the child process: it opens the library named by the first argument and hands it the
// others. It returns only when the library has failed. The process ends with status 0 when its standard input does,
// which is when the parent closes the pipe or dies.
func RunClickHouse(args ...string) error {
	if len(args) == 0 {
		return errors.New("clickhouse: give the path of libchdb.so and the engine's arguments; trunkline does so by itself")
	}
	if args[0] == probeNetwork {
		if raiseLoopback() != nil {
			syscall.Exit(1)
		}
		syscall.Exit(0)
	}
	go endWithInput(os.Stdin)
	native, http, args, err := enter(args)
	if err != nil {
		return fmt.Errorf("clickhouse: %w", err)
	}
	if err := openGate(native, http); err != nil {
		return fmt.Errorf("clickhouse: %w", err)
	}
	library, err := purego.Dlopen(args[0], purego.RTLD_NOW|purego.RTLD_GLOBAL)
	if err != nil {
		return fmt.Errorf("clickhouse: open library: %w", err)
	}
	var query func(argc int32, argv **byte) int32
	symbol, err := purego.Dlsym(library, "chdb_query_cmdline")
	if err != nil {
		return fmt.Errorf("clickhouse: %s is another version of the library: %w", args[0], err)
	}
	purego.RegisterFunc(&query, symbol)
	argv := cStrings("clickhouse", args[1:])
	status := query(int32(len(argv)-1), &argv[0]) //nolint:gosec // a dozen arguments
	return fmt.Errorf("clickhouse: the engine ended with status %d", status)
}

// enter takes the ports off the arguments that the library listens on, and brings the process's own network up if it has one.
func enter(args []string) (native, http string, rest []string, err error) {
	if args[0] == ownNetwork {
		if err := raiseLoopback(); err != nil {
			return "", "", nil, err
		}
		args = args[1:]
	}
	for _, a := range args {
		if port, ok := strings.CutPrefix(a, "--tcp_port="); ok {
			native = net.JoinHostPort(loopback, port)
		}
		if port, ok := strings.CutPrefix(a, "--http_port="); ok {
			http = net.JoinHostPort(loopback, port)
		}
	}
	return native, http, args, nil
}

// endWithInput ends the process: the library blocks the main thread for good and cannot be told to return. Nothing of
// the Go runtime needs an orderly exit here.
func endWithInput(input io.Reader) {
	_, _ = io.Copy(io.Discard, input)
	syscall.Exit(0)
}

// cStrings makes the argv of C: strings and the array end with a zero.
func cStrings(first string, rest []string) []*byte {
	argv := make([]*byte, 0, len(rest)+2)
	for _, arg := range append([]string{first}, rest...) {
		text := append([]byte(arg), 0)
		argv = append(argv, &text[0])
	}
	return append(argv, nil)
}
