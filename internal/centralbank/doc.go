// Package centralbank reads exchange rates as central banks publish them (the European Central Bank, the Bank of Russia) or as a list
// of one's own, and fetches them from a file or by HTTP. It stores nothing.
package centralbank
