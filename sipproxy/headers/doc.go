// Package headers passes, adds, removes and rewrites headers of SIP messages by the rules of a gateway or trunk.
package headers
