// Package enginetest gives the tests of other packages the real engines: one PostgreSQL, one ClickHouse and one Kafka
// for each test binary, started when a test first asks, in a temporary folder that is removed at the end. Each test
// gets databases of its own. An engine that cannot be started fails the test.
package enginetest
