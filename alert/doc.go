// Package alert says when an operator is to be told something, or something is to be stopped: rules over balances, caps and
// calls, which fire and clear, with what is done then, and the messages that go out. It knows no SQL and no SIP.
package alert
