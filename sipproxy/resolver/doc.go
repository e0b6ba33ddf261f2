// Package resolver finds where a SIP domain is reached (RFC 3263): by NAPTR which transports it speaks, by SRV which hosts stand for
// it and in which order they are tried, by A and AAAA their addresses.
package resolver
