package provision_test

import (
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"trunkline/provision"
)

// TestFaultsOfTheFile are told in the words of the file, with line and remedy.
func TestFaultsOfTheFile(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"realm: x\ndial_plans:\n  - id: de\n    rules:\n      - {match: \"911\", becomes: \"112\"}\n": `op.yaml:5: becomes: there is no such field here; use one of: add, block, do, emergency, extension, match, note, service, set, strip, trunk`,
		"gateways:\n  - {id: a, max_calls: many}\n":                                                   "op.yaml:2: many: is not a whole number; give a whole number",
		"gateways:\n  - {id: a, silence: soon}\n":                                                     "op.yaml:2: soon: is not a length of time such as 30s or 5m; give a length of time such as 30s or 5m",
		"gateways:\n  - {id: a, sources: \"1.2.3.4\"}\n":                                              "op.yaml:2: 1.2.3.4: is not a list, such as [a, b]; give a list, such as [a, b]",
		"gateways:\n  - {id: a, register: perhaps}\n":                                                 "op.yaml:2: perhaps: is not true or false; give true or false",
		"realm: a\nrealm: b\n":                                                                        "op.yaml:2: realm: is there twice, in line 1 too; leave one of them",
		"gateways: [\n":                                                                               "op.yaml:1: the file: is no YAML: did not find expected node content; look at the indentation, quotes and brackets there",
	} {
		_, err := provision.ReadBundle(fstest.MapFS{"op.yaml": {Data: []byte(text)}}, "op.yaml")
		require.Error(t, err)
		require.Equal(t, want, err.Error())
		require.NotEmpty(t, provision.Faults(err))
	}
}
