// Package embedded starts, watches and stops the engines that Trunkline brings along: PostgreSQL and ClickHouse as
// child processes, Kafka in this process. Each of them listens on 127.0.0.1 only, keeps everything below one data
// folder and is reached by its address like any external server; nothing else in the program knows that it is embedded.
package embedded
