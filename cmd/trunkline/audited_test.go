package main

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/require"
)

// The commands that change nothing of what is kept, and those whose work is kept elsewhere: by the history of provisioning, by
// the list of users and keys, by the API of the running process, by themselves.
const (
	readingCommands = `account list,account statement,alert list,alert rules,alert deliveries,backup,backup verify,config,dead list,dead show,deck check,deck export,
		deck diff,deck versions,deck rates,dialplan test,doctor,exchange list,exchange log,explain,export cdr,history,import parse,import formats,import list,invoice list,
		invoice verify,invoice charge list,invoice show,invoice file,invoice profile show,limit list,limit log,migrate,node list,node events,number list,period list,rate,
		report expenses,report cdr,report stats,report fields,report schedule list,rerate list,route,sip locks,sip password,sip trace,spool list,spool show,status,tariff versions,
		tariff show,user list,key list,version,report lines,retention show,hold list`
	keptElsewhere = `serve,worker,api,sipproxy,demo,collect,apply,deck import,deck undo,user add,user link,user password,user enable,user disable,user remove,key add,key revoke,
		sip unlock,sip drop,restore,spool send,spool settle,clickhouse,erase`
	// The console keeps what these do, as it keeps what pages and programs do.
	byConsole = `account topup,account adjust,account suspend,account resume,alert apply,alert replay,dead retry,dead mend,dead write-off,
		import file,import errors,import undo,import again,limit set,limit raise,limit reset,limit block,limit unblock,node resolve,node give-up,
		number set,number assign,number release,period close,period open,rerate,rerate undo,tariff withdraw,
		exchange fetch,hold add,hold remove,retention run,invoice run,invoice mark,invoice credit,invoice charge add,invoice charge remove,
		invoice profile apply,invoice counter,report rebuild,report schedule apply,report schedule send,report schedule remove,doctor close,repair`
)

func listed(text string) []string {
	var out []string
	for w := range strings.SplitSeq(text, ",") {
		out = append(out, strings.TrimSpace(w))
	}
	return out
}

// Every command is known to change nothing, or to leave a line in the audit by what it asks the console for.
func TestCommandsAreAudited(t *testing.T) {
	t.Parallel()
	lists := [][]string{listed(readingCommands), listed(keptElsewhere), listed(byConsole)}
	var walk func(c *cobra.Command)
	walk = func(c *cobra.Command) {
		for _, sub := range c.Commands() {
			walk(sub)
		}
		if c.RunE == nil {
			return
		}
		path := strings.TrimPrefix(c.CommandPath(), "trunkline ")
		in := 0
		for _, l := range lists {
			if slices.Contains(l, path) {
				in++
			}
		}
		if in != 1 {
			t.Errorf("%q is in %d lists: it reads, or the console keeps what it does, or its work is kept elsewhere", path, in)
		}
	}
	walk(newRootCommand())
}

// What commands do stands in the audit beside what is done by pages and keys; what only looks, or fails, does not.
func TestSystemCommandsStandInTheAudit(t *testing.T) {
	t.Parallel()
	s := newSite(t, "127.0.0.1:9", "127.0.0.1:9", "100")
	s.start()
	s.apply()
	s.must("account", "topup", "--tenant", "acme", "--amount", "5", "--key", "bank-42")
	s.must("account", "suspend", "--tenant", "acme", "--reason", "unpaid")
	s.must("limit", "set", "--tenant", "acme", "--period", "day", "--money", "7", "--reason", "caution")
	s.must("period", "close", "--month", "2026-01", "--reason", "books")
	code, _ := s.run("account", "topup", "--tenant", "nobody", "--amount", "5", "--key", "bank-43")
	require.NotZero(t, code)
	s.must("account", "list")
	var audit struct {
		Items []struct {
			By, Action, Object, Note, Tenant string
			Changes                          []struct{ Field, After string }
		}
	}
	require.NoError(t, json.Unmarshal(s.door(t).do("GET", "/audit?limit=20", nil).body, &audit))
	var did []string
	for _, d := range audit.Items {
		if strings.HasPrefix(d.By, "cli:") && d.Tenant == "acme" || d.Action == "close books" {
			did = append(did, d.Action+": "+d.Note)
		}
	}
	slices.Reverse(did)
	require.Equal(t, []string{"create: ", "top_up: 5 EUR ", "suspend: unpaid", "set limit: day money 7 caution", "close books: 2026-01-31T23:00:00Z, 2026-02-01T00:00:00Z books"}, did)
}
