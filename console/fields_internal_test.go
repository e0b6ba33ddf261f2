package console

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"trunkline/provision"
)

// fieldNames are the names of all fields that documents of these types have, with one place of each.
func fieldNames(types []reflect.Type) map[string]string {
	out := make(map[string]string)
	seen := make(map[reflect.Type]bool)
	var walk func(t reflect.Type)
	walk = func(t reflect.Type) {
		for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice || t.Kind() == reflect.Map {
			t = t.Elem()
		}
		if t.Kind() != reflect.Struct || seen[t] {
			return
		}
		seen[t] = true
		for f := range t.Fields() {
			name, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
			if name != "" && name != "-" {
				out[name] = t.Name() + "." + f.Name
			}
			if f.IsExported() {
				walk(f.Type)
			}
		}
	}
	for _, t := range types {
		walk(t)
	}
	return out
}

// plain are the fields that everybody who may read a document sees: they tell neither of prices nor of secrets. A new field goes
// here, or into priced or secretField.
const plain = `
	accounts add address after allow allow_risky allowed always anonymous area as assumed_duration between_clients block blocked
	branch branches brand brands busy caller_id caller_id_rules calls carrier carriers charset city class code codecs colour
	contact_user contacts continue country credit currency day decks default destinations dial_plan dial_plans diversion do emergency
	emergency_caller_id emergency_rules extension extensions file files format forward from from_domain from_rules from_user gateway
	gateways group groups headers history_info hosts hours hunt id identity in_dial_plan inactive inherit internal kind location lines lock
	lock_after login logo match max_calls max_cps max_numbers max_pdd max_short max_tries media min_acd min_asr min_calls min_ner mode
	money name networks no_answer note number number_classes numbers opening parent path pbxs percent period permitted_caller_ids
	policy prefix prefixes priority probe quality rate realm refresher register reporting_currency request_uri ring_time risky round
	route_plan route_plans rules seconds seizure service session_timer set setup_time short_call show show_forwarded_caller silence
	since source sources srtp stamp statistics status strip tariffs tenants till time_zone to to_rules transport trunk trunks trusted
	unavailable user user_phone value way weight window
`

// TestFieldsAreClassified makes sure that no field of what is set up is shown to somebody because nobody has thought of it.
func TestFieldsAreClassified(t *testing.T) {
	t.Parallel()
	known := strings.Fields(plain)
	names := fieldNames([]reflect.Type{reflect.TypeFor[provision.Operator]()})
	require.Greater(t, len(names), 100)
	for name, at := range names {
		classes := 0
		for _, is := range []bool{priced(name), secretField(name), slices.Contains(known, name)} {
			if is {
				classes++
			}
		}
		require.Equal(t, 1, classes, "%s (%s) is either plain, or tells of prices (priced), or is a secret (secretField)", name, at)
	}
	for _, name := range pricedFields() {
		require.Contains(t, names, name, "there is such a field")
	}
}
