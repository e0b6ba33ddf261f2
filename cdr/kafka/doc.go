// Package kafka carries legs over Kafka: it makes the topics, sends what the spool hands it, and reads parts of a topic
// from where its caller says. It is the only place that knows Kafka's client.
package kafka
