// Package clickhouse keeps every rated leg in ClickHouse, with hourly and daily sums that the database itself keeps up,
// and answers questions about them. Its migrations are embedded.
package clickhouse
