package importer

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
)

// differences are the keys whose values differ, sorted.
func differences(a, b map[string]json.RawMessage) []string {
	keys := make(map[string]bool)
	for k, v := range a {
		if !bytes.Equal(compact(v), compact(b[k])) {
			keys[k] = true
		}
	}
	for k := range b {
		if _, ok := a[k]; !ok {
			keys[k] = true
		}
	}
	return slices.Sorted(maps.Keys(keys))
}

// compact is JSON in the one form that the database gives back, too.
func compact(v json.RawMessage) []byte {
	var x any
	if len(v) == 0 || json.Unmarshal(v, &x) != nil {
		return v
	}
	out, err := json.Marshal(x)
	if err != nil {
		return v
	}
	return out
}
