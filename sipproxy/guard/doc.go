// Package guard watches over the passwords of phones: it binds challenges to who was challenged, counts wrong answers by source and
// login, locks who guesses, and bounds what strangers may ask in a second.
package guard
