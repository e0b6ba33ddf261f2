package console_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"trunkline/access"
	"trunkline/console"
	"trunkline/console/memory"
)

// TestLinksAreMailed sends a link to choose a password in the language of whoever gets it, and nowhere else than in the text.
func TestLinksAreMailed(t *testing.T) {
	t.Parallel()
	for language, word := range map[string]string{"": "choose a password", "en": "a week", "ru": "неделю", "de": "eine Woche"} {
		h := newHouse(t)
		token, err := h.Console.AddPerson(t.Context(), people()[access.Operator], access.User{
			Login: "anna", Name: "Anna", Email: "anna@example.com", Role: access.Manager, Tenant: "acme", Language: language,
		})
		require.NoError(t, err)
		letters := h.Rows.Letters()
		require.Len(t, letters, 1, language)
		l := letters[0]
		require.Equal(t, []string{"anna@example.com"}, l.To)
		require.Contains(t, l.Subject+l.Text, word, language)
		require.Contains(t, l.Text, "https://trunkline.example/"+token)
		require.NotContains(t, l.ID+l.Subject, token, "ids of mails stand in the logs of servers on the way")
		login, err := h.Gate.Redeem(t.Context(), token, "correct horse battery")
		require.NoError(t, err)
		require.Equal(t, "anna", login)
	}
	h := newHouse(t)
	_, err := h.Console.AddPerson(t.Context(), people()[access.Operator], access.User{Login: "ben", Role: access.NOC})
	require.NoError(t, err)
	require.Empty(t, h.Rows.Letters(), "there is no address")
}

// TestForgotTellsNobody answers alike whoever is asked for, and sends a link only to those who are there.
func TestForgotTellsNobody(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for _, u := range []access.User{
		{Login: "anna", Email: "anna@example.com", Role: access.NOC}, {Login: "gone", Email: "gone@example.com", Role: access.NOC, Disabled: true}, {Login: "mute", Role: access.NOC},
	} {
		require.NoError(t, h.Gate.Add(t.Context(), u))
	}
	for _, login := range []string{"nobody", "gone", "mute", "", "anna"} {
		require.NoError(t, h.Console.Forgot(t.Context(), login, "192.0.2.1"), login)
	}
	require.Eventually(t, func() bool { return len(h.Rows.Letters()) > 0 }, 5*time.Second, time.Millisecond)
	require.Equal(t, []string{"anna@example.com"}, h.Rows.Letters()[0].To)
	for range 15 {
		require.NoError(t, h.Console.Forgot(t.Context(), "nobody", "192.0.2.1"))
	}
	require.ErrorIs(t, h.Console.Forgot(t.Context(), "anna", "192.0.2.1"), access.ErrLocked)
}

// TestPeopleFitWhatIsSetUp refuses people of clients and branches that there are none of.
func TestPeopleFitWhatIsSetUp(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		u    access.User
		want error
	}{
		"of the house":        {access.User{Login: "anna", Role: access.Accountant}, nil},
		"of a branch":         {access.User{Login: "anna", Role: access.BranchManager, Tenant: "acme", Branch: "berlin"}, nil},
		"of no client":        {access.User{Login: "anna", Role: access.Manager, Tenant: "nobody"}, console.ErrInvalid},
		"of another's branch": {access.User{Login: "anna", Role: access.BranchManager, Tenant: "other", Branch: "berlin"}, console.ErrInvalid},
		"of no role":          {access.User{Login: "anna", Role: "cook"}, console.ErrInvalid},
		"who is there":        {access.User{Login: "max", Role: access.NOC}, console.ErrConflict},
	} {
		h := newHouse(t)
		require.NoError(t, h.Gate.Add(t.Context(), access.User{Login: "max", Role: access.NOC}))
		_, err := h.Console.AddPerson(t.Context(), people()[access.Operator], c.u)
		require.ErrorIs(t, err, c.want, name)
	}
}

// TestKeysGrowNoFurther makes keys with keys: none has more than the one it is made with, and no key changes how its owner signs in.
func TestKeysGrowNoFurther(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	require.NoError(t, h.Gate.Add(t.Context(), access.User{Login: "olga", Role: access.Operator}))
	key := &access.Principal{User: "olga", Role: access.Operator, Key: "k", Scopes: []access.Permission{access.OwnAccess, access.ReadCalls}}
	_, _, err := h.Console.AddKey(t.Context(), key, "less", []access.Permission{access.ReadCalls}, time.Time{})
	require.NoError(t, err)
	_, _, err = h.Console.AddKey(t.Context(), key, "more", []access.Permission{access.ReadCalls, access.WriteMoney}, time.Time{})
	require.ErrorIs(t, err, console.ErrForbidden)
	for name, do := range map[string]func() error{
		"password":  func() error { return h.Console.ChangePassword(t.Context(), key, "a", "correct horse battery") },
		"a factor":  func() error { _, err := h.Console.BeginFactor(t.Context(), key); return err },
		"its proof": func() error { return h.Console.ConfirmFactor(t.Context(), key, "1") },
		"its end":   func() error { return h.Console.DropFactor(t.Context(), key, "a") },
		"kept views": func() error {
			return h.Console.SaveView(t.Context(), key, access.View{Page: "/calls", Name: "n", Query: "a=b"})
		},
	} {
		require.ErrorIs(t, do(), console.ErrForbidden, name)
	}
}

// TestTheLogTellsWhatChanged shows events field by field, without secrets, the newest first.
func TestTheLogTellsWhatChanged(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	who, auditor := people()[access.Operator], people()[access.Auditor]
	anna := access.User{Login: "anna", Role: access.NOC}
	_, err := h.Console.AddPerson(t.Context(), who, anna)
	require.NoError(t, err)
	h.Clock.Advance(time.Minute)
	anna.Role = access.Accountant
	require.NoError(t, h.Console.ChangePerson(t.Context(), who, anna))
	h.Clock.Advance(time.Minute)
	require.NoError(t, h.Console.Suspend(t.Context(), who, "acme", true, "fraud"))
	events, err := h.Console.Audit(t.Context(), auditor, access.AuditFilter{Limit: 10})
	require.NoError(t, err)
	require.Len(t, events, 3)
	require.Equal(t, "fraud", events[0].Note)
	require.Len(t, events[1].Changes, 1, "only what changed")
	require.Equal(t, "noc accountant", events[1].Changes[0].Before+" "+events[1].Changes[0].After)
	for f, want := range map[access.AuditFilter]int{
		{Limit: 10, Object: "user"}: 2, {Limit: 10, Object: "user anna"}: 2, {Limit: 10, Object: "use"}: 0, {Limit: 10, By: "user:max"}: 0, {Limit: 1}: 1,
		{Limit: 10, Before: memory.Begun().Add(time.Minute)}: 1,
	} {
		events, err := h.Console.Audit(t.Context(), auditor, f)
		require.NoError(t, err)
		require.Len(t, events, want, "%+v", f)
	}
	for _, limit := range []int{0, -1, console.MaxPage + 1} {
		_, err := h.Console.Audit(t.Context(), auditor, access.AuditFilter{Limit: limit})
		require.ErrorIs(t, err, console.ErrInvalid)
	}
}

// TestTheLogTellsNoSecrets notes documents with secrets in them, in every way that they may have changed.
func TestTheLogTellsNoSecrets(t *testing.T) {
	t.Parallel()
	const former, later = "id: g\npassword: geheim\n", "id: g\npassword: geheimer\nname: G\n"
	for name, c := range map[string]struct{ before, after, note string }{
		"made": {"", later, ""}, "changed": {former, later, ""}, "stored as it was": {later, later, ""}, "taken away": {former, "", ""},
		"a word": {"", "fraud", "fraud"}, "words with colons": {"", "case: 7: again", "case: 7: again"},
	} {
		h := newHouse(t)
		require.NoError(t, h.People.Log(t.Context(), access.AuditEvent{At: memory.Begun(), By: "cli:root", Action: "update", Object: "gateway g", Before: c.before, After: c.after}))
		events, err := h.Console.Audit(t.Context(), people()[access.Auditor], access.AuditFilter{Limit: 10})
		require.NoError(t, err)
		require.Equal(t, c.note, events[0].Note, name)
		require.NotContains(t, fmt.Sprint(events), "geheim", name)
	}
}

// TestViews keeps pages with their filters, each person's own.
func TestViews(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	olga, nina := people()[access.Operator], people()[access.NOC]
	save := func(v access.View) error { return h.Console.SaveView(t.Context(), olga, v) }
	require.NoError(t, save(access.View{Page: "/calls", Name: " mine ", Query: "filter=a"}))
	require.NoError(t, save(access.View{Page: "/calls", Name: "mine", Query: "filter=b"}))
	for _, v := range []access.View{
		{Page: "/calls", Query: "a=b"},
		{Page: "/users", Name: "n", Query: "a=b"},
		{Page: "/calls", Name: strings.Repeat("n", 61), Query: "a=b"},
		{Page: "/calls", Name: "n", Query: "%zz"},
		{Page: "/calls", Name: "n", Query: strings.Repeat("a", 4001)},
	} {
		require.ErrorIs(t, save(v), console.ErrInvalid)
	}
	views, err := h.Console.Views(t.Context(), olga, "/calls")
	require.NoError(t, err)
	require.Equal(t, []access.View{{Page: "/calls", Name: "mine", Query: "filter=b"}}, views, "the same name is the same view")
	views, err = h.Console.Views(t.Context(), nina, "/calls")
	require.NoError(t, err)
	require.Empty(t, views)
	require.NoError(t, save(access.View{Page: "/calls", Name: "mine"}))
	views, err = h.Console.Views(t.Context(), olga, "/calls")
	require.NoError(t, err)
	require.Empty(t, views)
}
