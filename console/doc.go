// Package console is what people and their programs do with the system: look at calls and figures, set up tenants and
// routes, raise limits, issue invoices. Pages and API stand on it. It holds the one place where each of these things is
// allowed or refused: every method asks who is there, and shows no row, price or cost that is not theirs to see.
package console
