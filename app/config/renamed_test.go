package config_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"trunkline/app/config"
)

// TestFormerKeys: a file that was written for an earlier release is read, and each former name is told.
func TestFormerKeys(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		file, want string
		warnings   []string
		fault      string
	}{
		"present names": {file: "sip:\n  initial_grant: 1m\n", want: "sip:\n  initial_grant: 1m\n"},
		"former names": {
			file:     "# ours\nsip:\n  first_stretch: 30s # short\n  let_pass_tenant: 30m\n  let_pass: 2m\n",
			want:     "# ours\nsip:\n  initial_grant: 30s # short\n  grace_tenant: 30m\n  grace_call: 2m\n",
			warnings: []string{"line 3: sip.first_stretch is called sip.initial_grant now", "line 5: sip.let_pass is called sip.grace_call now", "line 4: sip.let_pass_tenant is called sip.grace_tenant now"},
		},
		"on one line": {
			file:     `{node: Köln, sip: {stretch: 2m, "first_stretch": 1m}}`,
			want:     `{node: Köln, sip: {grant_increment: 2m, "initial_grant": 1m}}`,
			warnings: []string{"line 1: sip.first_stretch is called sip.initial_grant now", "line 1: sip.stretch is called sip.grant_increment now"},
		},
		"of another section": {file: "worker:\n  stretch: 1m\n", want: "worker:\n  stretch: 1m\n"},
		"both names":         {file: "sip:\n  stretch: 1m\n  grant_increment: 2m\n", fault: "line 2: sip.stretch is the former name of sip.grant_increment, which is set too"},
		"empty":              {},
		"no YAML":            {file: "sip: [", want: "sip: ["},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			current, warnings, err := config.CurrentKeys([]byte(c.file))
			if c.fault != "" {
				require.ErrorContains(t, err, c.fault)
				return
			}
			require.NoError(t, err)
			require.Equal(t, c.want, string(current))
			require.Equal(t, c.warnings, warnings)
		})
	}
}

// TestFormerVariables: the environment of an earlier release is read, and each former name is told.
func TestFormerVariables(t *testing.T) {
	t.Parallel()
	current, warnings, err := config.CurrentVariables([]string{"HOME=/", "TRUNKLINE_SIP_LET_PASS=2m=", "TRUNKLINE_SIP_LET_PASS_TENANT=30m"})
	require.NoError(t, err)
	require.Equal(t, []string{"HOME=/", "TRUNKLINE_SIP_GRACE_CALL=2m=", "TRUNKLINE_SIP_GRACE_TENANT=30m"}, current)
	require.Equal(t, []string{"TRUNKLINE_SIP_LET_PASS is called TRUNKLINE_SIP_GRACE_CALL now", "TRUNKLINE_SIP_LET_PASS_TENANT is called TRUNKLINE_SIP_GRACE_TENANT now"}, warnings)
	_, _, err = config.CurrentVariables([]string{"TRUNKLINE_SIP_STRETCH=1m", "TRUNKLINE_SIP_GRANT_INCREMENT=2m"})
	require.ErrorContains(t, err, "TRUNKLINE_SIP_STRETCH is the former name of TRUNKLINE_SIP_GRANT_INCREMENT, which is set too")
}
