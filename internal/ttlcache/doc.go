// Package ttlcache answers a question once for all who ask it at the same time, and keeps the answer for a moment. It knows
// nothing of the person who asks: whoever uses it leaves out of the key what is a person's, and narrows and blanks a copy of the answer.
package ttlcache
