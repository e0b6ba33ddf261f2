package terminal

import (
	"strings"

	"trunkline/access"
)

// Users lists who may sign in.
func Users(users []access.User) *Table {
	t := &Table{Columns: []string{"login", "name", "role", "tenant", "branch", "second_factor", "signed_in", "state"}, Of: "users"}
	for i := range users {
		u := &users[i]
		state, factor := "active", "no"
		if u.Disabled {
			state = "disabled"
		}
		if u.TOTP {
			factor = "yes"
		}
		t.Add(u.Login, u.Name, string(u.Role), u.Tenant, u.Branch, factor, moment(u.SignedIn), state)
	}
	return t
}

// Keys lists keys of the API, without their secrets.
func Keys(keys []access.Key) *Table {
	t := &Table{Columns: []string{"id", "user", "name", "scopes", "made", "until", "used", "ended"}, Of: "keys"}
	for i := range keys {
		k := &keys[i]
		t.Add(k.ID, k.Login, k.Name, Scopes(k.Scopes), moment(k.Made), moment(k.Till), moment(k.Used), moment(k.Revoked))
	}
	return t
}

// Scopes are permissions as words with spaces between.
func Scopes(scopes []access.Permission) string {
	words := make([]string, 0, len(scopes))
	for _, p := range scopes {
		words = append(words, string(p))
	}
	return strings.Join(words, " ")
}
