package provision_test

import (
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"trunkline/lcr"
	"trunkline/provision"
)

// yamlKeys collects the keys of a struct and of all that it holds.
func yamlKeys(t reflect.Type, keys map[string]string) {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || t.PkgPath() != "trunkline/provision" || strings.HasPrefix(t.Name(), "PBX") {
		return // PBXs are explained with the reading of their records.
	}
	for f := range t.Fields() {
		key, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		if key != "" {
			keys[key] = t.Name() + "." + f.Name
		}
		yamlKeys(f.Type, keys)
	}
}

// TestEveryFieldIsExplained holds docs/operator.md against the file's fields and the policies.
func TestEveryFieldIsExplained(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../docs/operator.md")
	require.NoError(t, err)
	keys := make(map[string]string)
	yamlKeys(reflect.TypeFor[provision.Operator](), keys)
	require.Greater(t, len(keys), 80)
	var missing []string
	for key, field := range keys {
		if !regexp.MustCompile(`(^|[^a-z_])` + regexp.QuoteMeta(key) + `([^a-z_]|$)`).Match(text) {
			missing = append(missing, field+" "+key)
		}
	}
	require.Empty(t, missing, "explain them in docs/operator.md")
	for _, policy := range lcr.Policies() {
		require.Contains(t, string(text), "`"+string(policy)+"`")
	}
}

// TestExamplesAreYAML reads every example of the guide as a part of an operator's file.
func TestExamplesAreYAML(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../docs/operator.md")
	require.NoError(t, err)
	blocks := strings.Split(string(text), "```yaml\n")[1:]
	require.NotEmpty(t, blocks)
	for _, block := range blocks {
		example, _, _ := strings.Cut(block, "```")
		if strings.HasPrefix(example, "hunt:") {
			example = "carriers:\n  - id: c\n    " + strings.ReplaceAll(strings.TrimSpace(example), "\n", "\n    ") + "\n"
		}
		d := yaml.NewDecoder(strings.NewReader(example))
		d.KnownFields(true)
		var o provision.Operator
		require.NoError(t, d.Decode(&o), example)
	}
}
