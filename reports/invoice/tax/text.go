package tax

import (
	"encoding/json"
	"maps"
	"slices"

	"go.yaml.in/yaml/v3"
)

// Text is what stands on documents, by language: a word for all of them, or one each.
//
//	exempt: "§ 19 UStG"
//	exempt: {de: "Kleinunternehmer, § 19 UStG", en: "Small business, § 19 UStG"}
type Text map[string]string

// In returns the text in a language, or what there is.
func (t Text) In(language string) string {
	for _, l := range []string{language, "", "en"} {
		if text := t[l]; text != "" {
			return text
		}
	}
	for _, l := range slices.Sorted(maps.Keys(t)) {
		return t[l]
	}
	return ""
}

// UnmarshalYAML implements yaml.Unmarshaler.
func (t *Text) UnmarshalYAML(node *yaml.Node) error {
	if node.Kind == yaml.ScalarNode {
		*t = Text{"": node.Value}
		return nil
	}
	var m map[string]string
	if err := node.Decode(&m); err != nil {
		return err
	}
	*t = m
	return nil
}

// MarshalYAML implements yaml.Marshaler.
func (t Text) MarshalYAML() (any, error) {
	if one, ok := t[""]; ok && len(t) == 1 {
		return one, nil
	}
	return map[string]string(t), nil
}

// UnmarshalJSON implements json.Unmarshaler.
func (t *Text) UnmarshalJSON(data []byte) error {
	var one string
	if json.Unmarshal(data, &one) == nil {
		*t = Text{"": one}
		return nil
	}
	var m map[string]string
	if err := json.Unmarshal(data, &m); err != nil {
		return err
	}
	*t = m
	return nil
}

// MarshalJSON implements json.Marshaler.
func (t Text) MarshalJSON() ([]byte, error) {
	if one, ok := t[""]; ok && len(t) == 1 {
		return json.Marshal(one)
	}
	return json.Marshal(map[string]string(t))
}
