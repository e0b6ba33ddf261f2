package provision_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"trunkline/internal/field"
	"trunkline/provision"
)

// TestDocumentsAreClassified reads the tags of everything that is provisioned: a field without one is an error of ShapeOf.
func TestDocumentsAreClassified(t *testing.T) {
	t.Parallel()
	secret := map[string]bool{}
	for _, kind := range []provision.Kind{
		provision.KindSettings, provision.KindCarrier, provision.KindGateway, provision.KindDeck, provision.KindTariff, provision.KindDialPlan,
		provision.KindRoutePlan, provision.KindTenant,
	} {
		require.NotPanics(t, func() {
			for name := range provision.ShapeOf(kind).Names(field.Secret) {
				secret[name] = true
			}
		}, kind)
	}
	require.Equal(t, map[string]bool{"password": true, "ha1_md5": true, "ha1_sha256": true}, secret)
	require.Nil(t, provision.ShapeOf("weather"))
}

// TestSecretsAreMasked masks passwords in every form in which a document may hold them.
func TestSecretsAreMasked(t *testing.T) {
	t.Parallel()
	for name, spec := range map[string]string{
		"in a line":     "trunks:\n    - id: a\n      password: geheim\n",
		"in a block":    "trunks:\n    - id: a\n      password: |\n        geheim\n        sehr geheim\n",
		"in a flow":     "trunks: [{id: a, password: geheim}]\n",
		"in quotes":     "trunks: [{\"id\": \"a\", \"password\": \"geheim\"}]\n",
		"no document":   "trunks: [geheim\n",
		"of a source":   "pbxs: [{id: p, source: {kind: connect, password: geheim}}]\n",
		"of an old one": "branches: [{extensions: [{ha1_md5: geheim, ha1_sha256: geheim}]}]\n",
	} {
		require.NotContains(t, provision.Masked(spec), "geheim", name)
		for _, change := range append(provision.Differences(spec, ""), provision.Differences("", spec)...) {
			require.NotContains(t, change.Before+change.After, "geheim", "%s: %s", name, change.Path)
		}
	}
}
