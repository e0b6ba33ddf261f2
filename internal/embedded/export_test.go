package embedded

// WithoutNamespace has StartPostgres behave as on a machine that forbids user namespaces.
func (o PostgresOptions) WithoutNamespace() PostgresOptions {
	o.noNamespace = true
	return o
}
