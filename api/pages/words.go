package pages

import (
	"fmt"
	"io/fs"
	"maps"
	"strings"

	"go.yaml.in/yaml/v3"
	"golang.org/x/text/language"

	"trunkline/access"
)

// words are the translations into one language, by the English text.
type words map[string]string

// readWords reads the translations of a language. Those into English are of words that programs know things by.
func readWords(lang string) (words, error) {
	w := words{}
	files, err := fs.Glob(content, "locales/"+lang+"/*.yaml")
	if err != nil {
		return nil, fmt.Errorf("translations: %w", err)
	}
	for _, file := range files {
		text, err := content.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("translations: %w", err)
		}
		some := words{}
		if err := yaml.Unmarshal(text, &some); err != nil {
			return nil, fmt.Errorf("translations %s: %w", file, err)
		}
		maps.Copy(w, some)
	}
	return w, nil
}

// t translates a text, and puts the arguments into it.
func (w words) t(text string, args ...any) string {
	if other, ok := w[text]; ok {
		text = other
	}
	if len(args) > 0 {
		return fmt.Sprintf(text, args...)
	}
	return text
}

// notice is the text of a notice by its word. Only these are shown: an address cannot put words into our mouth.
func (w words) notice(word string) string {
	text, ok := map[string]string{
		"saved": "Saved.", "deleted": "Deleted.", "done": "Done.", "sent": "Sent.", "stops": "It stops in a moment.", "signed-out": "You are signed out.",
		"password": "The password is changed. Other sessions have ended.", "factor": "The second factor is in force.",
		"factor-off": "The second factor is taken away.", "revoked": "The key is ended.",
	}[word]
	if !ok {
		return ""
	}
	return w.t(text)
}

// accepted is the language that a browser asks for.
func accepted(header string) string {
	tags := make([]language.Tag, 0, 3)
	for _, l := range access.Languages() {
		tags = append(tags, language.MustParse(l))
	}
	_, at := language.MatchStrings(language.NewMatcher(tags), header)
	return access.Languages()[at]
}

// plural chooses the form of a word for a number: for one, for few (Russian), for many. Forms stand with "|" between.
func (w words) plural(lang string, n int64, forms string) string {
	list := strings.Split(w.t(forms), "|")
	at := 1
	switch {
	case lang == "ru" && len(list) > 2:
		at = 2
		if n%10 == 1 && n%100 != 11 {
			at = 0
		} else if n%10 >= 2 && n%10 <= 4 && (n%100 < 12 || n%100 > 14) {
			at = 1
		}
	case n == 1:
		at = 0
	}
	return list[min(at, len(list)-1)]
}
