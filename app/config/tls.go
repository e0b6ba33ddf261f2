package config

import (
	"crypto/tls"
	"fmt"
)

// TLS reads the certificate of the SIP listeners; without one there is no TLS.
func (c *SIP) TLS() (*tls.Config, error) {
	if c.Certificate == "" {
		return nil, nil //nolint:nilnil // No certificate is a setting, not a fault.
	}
	pair, err := tls.LoadX509KeyPair(c.Certificate, c.Key)
	if err != nil {
		return nil, fmt.Errorf("sip.certificate and sip.key: %w", err)
	}
	return &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}, nil
}
