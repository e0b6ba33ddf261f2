// Package memory keeps the ledger, the books and the calls in memory, by the same contract as the stores on PostgreSQL and
// ClickHouse: internal/sim/contract drives both with the same requests, and they have to answer the same. It can also
// be made to break a rule, to see that the simulator finds it.
package memory
