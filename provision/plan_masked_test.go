package provision_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"trunkline/provision"
)

func TestMaskedDocuments(t *testing.T) {
	t.Parallel()
	require.Equal(t, "id: acme\nbranches:\n    - id: berlin\n      extensions:\n        - id: \"101\"\n          ha1_md5: \"***\"\n          ha1_sha256: \"***\"\ntrunks:\n    - password: \"***\"\n      id: a\n",
		provision.Masked("id: acme\nbranches:\n    - id: berlin\n      extensions:\n        - id: \"101\"\n          ha1_md5: abc\n          ha1_sha256: def\ntrunks:\n    - password: geheim\n      id: a\n"))
}
