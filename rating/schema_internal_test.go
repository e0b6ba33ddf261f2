package rating

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"trunkline/internal/money"
)

// keysOf collects the keys of a document type as paths.
func keysOf(t reflect.Type, path string) []string {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || t == reflect.TypeFor[scalar]() {
		return []string{path}
	}
	var out []string
	for f := range t.Fields() {
		name, option, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		if option == "inline" {
			out = append(out, keysOf(f.Type, path)...)
		} else {
			out = append(out, keysOf(f.Type, path+"."+name)...)
		}
	}
	return out
}

func schemaKeys(schema map[string]any, path string) []string {
	if items, ok := schema["items"].(map[string]any); ok {
		return schemaKeys(items, path)
	}
	properties, ok := schema["properties"].(map[string]any)
	if !ok {
		return []string{path}
	}
	var out []string
	for name, p := range properties {
		out = append(out, schemaKeys(p.(map[string]any), path+"."+name)...)
	}
	return out
}

func TestSchemaHasTheKeysOfTheFile(t *testing.T) {
	data, err := os.ReadFile("tariff.schema.json")
	require.NoError(t, err)
	var schema map[string]any
	require.NoError(t, json.Unmarshal(data, &schema))
	code, described := keysOf(reflect.TypeFor[document](), ""), schemaKeys(schema, "")
	slices.Sort(code)
	slices.Sort(described)
	require.Equal(t, slices.Compact(code), described)
}

// plain turns the dates that the YAML library recognises back into text.
func plain(v any) any {
	switch v := v.(type) {
	case time.Time:
		return v.Format(time.RFC3339)
	case map[string]any:
		for k := range v {
			v[k] = plain(v[k])
		}
	case []any:
		for i := range v {
			v[i] = plain(v[i])
		}
	}
	return v
}

func TestFilesFollowTheSchema(t *testing.T) {
	schema, err := jsonschema.NewCompiler().Compile("tariff.schema.json")
	require.NoError(t, err)
	files, err := filepath.Glob("../demo/tariffs/*.yaml")
	require.NoError(t, err)
	for _, file := range files {
		data, err := os.ReadFile(file)
		require.NoError(t, err)
		require.NoError(t, follows(schema, data), file)
	}
	examples := examplesOfReadme(t)
	require.NotEmpty(t, examples)
	for _, example := range examples {
		require.NoError(t, follows(schema, []byte(example)), example)
		_, err := ParseTariff("README.md", []byte(example), func(string) (*Deck, error) {
			return NewDeckBuilder("file", mustEUR(t)).Build()
		})
		require.NoError(t, err, example)
	}
	require.Error(t, follows(schema, []byte("name: x\ncurrency: EUR\nprices: []\n")))
}

func follows(schema *jsonschema.Schema, data []byte) error {
	var doc any
	if err := yaml.Unmarshal(data, &doc); err != nil {
		return err
	}
	return schema.Validate(plain(doc))
}

// examplesOfReadme returns the tariffs of README.md. A part of a tariff is completed, so that it can be read.
func examplesOfReadme(t *testing.T) []string {
	t.Helper()
	data, err := os.ReadFile("README.md")
	require.NoError(t, err)
	var out []string
	for i, part := range strings.Split(string(data), "```yaml\n") {
		if i == 0 {
			continue
		}
		text, _, _ := strings.Cut(part, "```")
		if !strings.HasPrefix(text, "name:") {
			text = "name: example\ncurrency: EUR\n" + text
		}
		out = append(out, text)
	}
	return out
}

func mustEUR(t *testing.T) money.Currency {
	t.Helper()
	return money.MustParseCurrency("EUR")
}
