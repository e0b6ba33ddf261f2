// Package heading knows what the heading of a column in a price list may mean, in English, German, Russian, Spanish, French,
// Italian and Portuguese. It takes a heading apart into words, words into ideas, and compares the ideas with rules; words.txt
// and rules.txt hold both. It knows nothing of what stands below a heading.
package heading
