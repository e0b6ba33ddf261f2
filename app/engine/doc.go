// Package engine starts PostgreSQL, ClickHouse and Kafka below a data folder, or finds those that run already.
package engine
