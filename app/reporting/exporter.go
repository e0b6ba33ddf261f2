package reporting

import (
	"net/http"

	"trunkline/app/store"
	"trunkline/sql/clickhouse"
)

// Exporter returns what streams rows.
func Exporter(s *store.Stores) (*clickhouse.Exporter, error) {
	return clickhouse.NewExporter(s.Engines.ClickHouse, s.Engines.ClickHouseHTTP, &http.Client{})
}
