// Package api is what people and programs reach over HTTP: pages, health and metrics. It asks the other rooms through
// interfaces of its own and knows neither SQL nor SIP.
package api
