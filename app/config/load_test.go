package config_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"trunkline/app/config"
)

// TestSIPSettings: what is set wrongly is refused at the start, with the key and what may stand there.
func TestSIPSettings(t *testing.T) {
	t.Parallel()
	load := func(text string) error {
		file := filepath.Join(t.TempDir(), "trunkline.yaml")
		require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
		_, err := config.Load(file, func(*config.Config) {}, func(string, []string) {})
		return err
	}
	require.NoError(t, load("sip: {refer: follow, media: direct, rtpengine: [udp/127.0.0.1:2223], rtpengine_down: pass}"))
	require.NoError(t, load("sip: {listen: [wss/192.0.2.1:443, ws/127.0.0.1:8088, 'ws/[::1]:8088', ws/localhost:8088], ws_origins: ['*']}"))
	require.NoError(t, load("sip: {listen: [ws/192.0.2.1:80], ws_plain: true}"))
	for text, want := range map[string]string{
		"sip: {refer: perhaps}":               "use refuse or follow",
		"sip: {media: relay}":                 "use auto or direct",
		"sip: {rtpengine_down: die}":          "use refuse or pass",
		"sip: {rtpengine: ['127.0.0.1:223']}": "want udp/host:port",
		"sip: {listen: [ws/192.0.2.1:80]}":    "use wss, a loopback address",
		"sip: {listen: ['ws/:80']}":           "set sip.ws_plain",
	} {
		require.ErrorContains(t, load(text), want, text)
	}
}
