package provision

import (
	"errors"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// unreadable tells what of a document does not fit, in the words of the file rather than of the program: *Fault, joined.
func unreadable(file string, root reflect.Type, err error) error {
	var shape *yaml.TypeError
	if !errors.As(err, &shape) {
		text := strings.TrimPrefix(err.Error(), "yaml: ")
		line := 0
		if m := regexp.MustCompile(`^line (\d+): (.*)$`).FindStringSubmatch(text); m != nil {
			line, _ = strconv.Atoi(m[1])
			text = m[2]
		}
		return &Fault{File: file, Line: line, Field: "the file", Problem: "is no YAML: " + text, Remedy: "look at the indentation, quotes and brackets there"}
	}
	unknown := regexp.MustCompile(`^line (\d+): field (.+) not found in type (\S+)$`)
	wrong := regexp.MustCompile("^line (\\d+): cannot unmarshal (\\S+) ?(?:`(.*)`)? ?into (\\S+)$")
	twice := regexp.MustCompile(`^line (\d+): mapping key "(.+)" already defined at line (\d+)$`)
	var faults []error
	for _, text := range shape.Errors {
		f := &Fault{File: file, Field: "the file", Problem: text, Remedy: "see docs/operator.md"}
		if m := unknown.FindStringSubmatch(text); m != nil {
			f.Field, f.Problem = m[2], "there is no such field here"
			f.Remedy = "use one of: " + strings.Join(keysOf(root, m[3]), ", ")
			f.Line, _ = strconv.Atoi(m[1])
		} else if m := wrong.FindStringSubmatch(text); m != nil {
			f.Field, f.Problem = m[3], "is not "+kindOf(m[4])
			if f.Field == "" {
				f.Field = "a list or a mapping"
			}
			f.Remedy = "give " + kindOf(m[4])
			f.Line, _ = strconv.Atoi(m[1])
		} else if m := twice.FindStringSubmatch(text); m != nil {
			f.Field, f.Problem, f.Remedy = m[2], "is there twice, in line "+m[3]+" too", "leave one of them"
			f.Line, _ = strconv.Atoi(m[1])
		}
		faults = append(faults, f)
	}
	return errors.Join(faults...)
}

// kindOf says in words what a field of a Go type takes.
func kindOf(name string) string {
	switch {
	case strings.HasPrefix(name, "[]"):
		return "a list, such as [a, b]"
	case strings.HasPrefix(name, "int"), strings.HasPrefix(name, "uint"):
		return "a whole number"
	case name == "bool":
		return "true or false"
	case name == "time.Duration":
		return "a length of time such as 30s or 5m"
	case name == "time.Time":
		return "a time such as 2026-01-01T00:00:00Z"
	case name == "string":
		return "a text"
	}
	return "what belongs there: a mapping of fields"
}

// keysOf lists the fields of a type that is somewhere in a document.
func keysOf(root reflect.Type, name string) []string {
	var found []string
	seen := make(map[reflect.Type]bool)
	var walk func(t reflect.Type)
	walk = func(t reflect.Type) {
		for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
			t = t.Elem()
		}
		if t.Kind() != reflect.Struct || seen[t] {
			return
		}
		seen[t] = true
		if t.String() == name {
			found = keys(t)
		}
		for f := range t.Fields() {
			walk(f.Type)
		}
	}
	walk(root)
	slices.Sort(found)
	return found
}

func keys(t reflect.Type) []string {
	var out []string
	for f := range t.Fields() {
		key, options, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		switch {
		case options == "inline":
			out = append(out, keys(f.Type)...)
		case key != "" && key != "-" && !strings.HasPrefix(key, "ha1_"):
			out = append(out, key)
		}
	}
	return out
}
