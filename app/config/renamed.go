package config

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// rename is a setting that has another name now.
type rename struct{ section, former, name string }

// renames are the settings whose former names are still read.
func renames() []rename {
	return []rename{
		{"sip", "first_stretch", "initial_grant"},
		{"sip", "stretch", "grant_increment"},
		{"sip", "let_pass", "grace_call"},
		{"sip", "let_pass_tenant", "grace_tenant"},
	}
}

func (r rename) formerKey() string { return r.section + "." + r.former }
func (r rename) key() string       { return r.section + "." + r.name }

func (r rename) formerVariable() string { return variable(r.section, r.former) }
func (r rename) variable() string       { return variable(r.section, r.name) }

func variable(section, name string) string {
	return EnvPrefix + strings.ToUpper(section+"_"+name)
}

// CurrentKeys replaces the former names of settings in a configuration file (YAML) by their present ones, and returns a
// warning for each. A file that has a setting under both names is an error. Text that is not YAML comes back as it is.
func CurrentKeys(file []byte) (current []byte, warnings []string, err error) {
	var root yaml.Node
	if yaml.Unmarshal(file, &root) != nil || len(root.Content) == 0 {
		return file, nil, nil //nolint:nilerr // The caller's decoder says what is wrong with it.
	}
	var found []keyEdit
	for _, r := range renames() {
		_, section := entry(root.Content[0], r.section)
		key, _ := entry(section, r.former)
		if key == nil {
			continue
		}
		if both, _ := entry(section, r.name); both != nil {
			return nil, nil, fmt.Errorf("line %d: %s is the former name of %s, which is set too: remove it", key.Line, r.formerKey(), r.key())
		}
		found = append(found, keyEdit{rename: r, line: key.Line - 1, column: key.Column - 1})
		warnings = append(warnings, fmt.Sprintf("line %d: %s is called %s now", key.Line, r.formerKey(), r.key()))
	}
	return edited(file, found), warnings, nil
}

// keyEdit is a former name in a file, by lines and characters from 0.
type keyEdit struct {
	rename
	line, column int
}

// edited is a file with its former names replaced; everything else keeps its place, so that errors name the right lines.
func edited(file []byte, edits []keyEdit) []byte {
	lines := strings.Split(string(file), "\n")
	slices.SortFunc(edits, func(a, b keyEdit) int { return cmp.Compare(b.column, a.column) }) // From the right: columns stay.
	for _, e := range edits {
		text := []rune(lines[e.line])
		lines[e.line] = string(text[:e.column]) + strings.Replace(string(text[e.column:]), e.former, e.name, 1)
	}
	return []byte(strings.Join(lines, "\n"))
}

// entry is a key of a mapping and its value; nil: the mapping does not have it, or the node is no mapping.
func entry(mapping *yaml.Node, name string) (key, value *yaml.Node) {
	if mapping == nil || mapping.Kind != yaml.MappingNode {
		return nil, nil
	}
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		if mapping.Content[i].Value == name {
			return mapping.Content[i], mapping.Content[i+1]
		}
	}
	return nil, nil
}

// CurrentVariables replaces the former names of settings in an environment of NAME=value pairs by their present ones, and
// returns a warning for each. An environment that has a setting under both names is an error.
func CurrentVariables(environ []string) (current, warnings []string, err error) {
	current = slices.Clone(environ)
	for _, r := range renames() {
		at := indexOf(current, r.formerVariable())
		if at < 0 {
			continue
		}
		if indexOf(current, r.variable()) >= 0 {
			return nil, nil, fmt.Errorf("%s is the former name of %s, which is set too: unset it", r.formerVariable(), r.variable())
		}
		current[at] = r.variable() + strings.TrimPrefix(current[at], r.formerVariable())
		warnings = append(warnings, fmt.Sprintf("%s is called %s now", r.formerVariable(), r.variable()))
	}
	return current, warnings, nil
}

// indexOf is where an environment has a variable; -1: nowhere.
func indexOf(environ []string, name string) int {
	return slices.IndexFunc(environ, func(pair string) bool { return strings.HasPrefix(pair, name+"=") })
}
