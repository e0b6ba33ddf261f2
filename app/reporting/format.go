package reporting

import (
	"fmt"

	"trunkline/reports/export"
)

// Format is the format that was named, or that of a file's ending.
func Format(format, name, locale string) (export.Options, error) {
	var o export.Options
	var err error
	if format != "" {
		o.Format, err = export.ParseFormat(format)
	} else {
		o.Format, err = export.FormatOf(name)
	}
	if err != nil {
		return o, err
	}
	switch locale {
	case "en":
	case "ru", "de":
		o.Comma = true
	default:
		return o, fmt.Errorf("--locale %q: want en, ru or de", locale)
	}
	return o, nil
}
