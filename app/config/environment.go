package config

import (
	"fmt"
	"slices"
	"strings"

	"github.com/caarlos0/env/v11"
)

// EnvPrefix begins the name of every environment variable that sets a key.
const EnvPrefix = "TRUNKLINE_"

// otherVariables are of the tests and benchmarks, not of the configuration.
func otherVariables() []string {
	return []string{"TRUNKLINE_TEST_", "TRUNKLINE_BENCH_", "TRUNKLINE_SIM_", "TRUNKLINE_KILL_", "TRUNKLINE_PROFILE"}
}

// CheckEnvironment refuses variables with our prefix that set nothing: one that is mistyped would be taken for not set, and an
// engine address that is not set starts an engine.
func CheckEnvironment(c *Config, environ []string) error {
	params, err := env.GetFieldParamsWithOptions(c, env.Options{Prefix: EnvPrefix})
	if err != nil {
		return fmt.Errorf("configuration from the environment: %w", err)
	}
	known := make([]string, 0, len(params))
	for _, p := range params {
		known = append(known, p.Key)
	}
	for _, pair := range environ {
		name, value, _ := strings.Cut(pair, "=")
		if !strings.HasPrefix(name, EnvPrefix) || slices.Contains(known, name) || ofKubernetes(name, value) ||
			slices.ContainsFunc(otherVariables(), func(p string) bool { return strings.HasPrefix(name, p) }) {
			continue
		}
		return fmt.Errorf("there is no setting %s%s: unset it; `trunkline config` prints all settings", name, nearest(name, known))
	}
	return nil
}

// ofKubernetes reports whether a variable is one that Kubernetes sets for a service whose name begins like ours.
func ofKubernetes(name, value string) bool {
	return strings.Contains(name, "_SERVICE_") || strings.Contains(name, "_PORT_") ||
		strings.HasSuffix(name, "_PORT") && (strings.HasPrefix(value, "tcp://") || strings.HasPrefix(value, "udp://"))
}

// nearest is a known name that differs in few letters, in words.
func nearest(name string, known []string) string {
	best, least := "", 4
	for _, k := range known {
		if d := distance(name, k); d < least {
			best, least = k, d
		}
	}
	if best == "" {
		return ""
	}
	return "; did you mean " + best
}

// distance is how many letters are to be inserted, removed or exchanged (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		before := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := before
			if a[i] != b[j] {
				cost++
			}
			before = row[j+1]
			row[j+1] = min(cost, row[j]+1, before+1)
		}
	}
	return row[len(b)]
}
