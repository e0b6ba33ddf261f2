// Package registrar knows where phones are: it answers REGISTER (RFC 3261, section 10; Path of RFC 3327, Outbound of
// RFC 5626), keeps the bindings of each login over a restart, and tells the ways to a phone.
package registrar
