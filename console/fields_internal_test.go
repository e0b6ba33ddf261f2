package console

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"trunkline/access"
	"trunkline/alert"
	"trunkline/cdr"
	"trunkline/internal/field"
	"trunkline/lcr"
	"trunkline/provision/inventory"
	"trunkline/reports"
	"trunkline/reports/invoice"
)

// whole are the types of answers that one permission shows as a whole, with the reason. All others say of every field whom it is shown to.
func whole() map[string]string {
	return map[string]string{
		"console.Thing": "its document is filtered", "console.PartItem": "its document is filtered", "console.Changed": "its document and its changes are filtered",
		"console.AuditEntry": "for those who read the log; secrets are masked in it", "console.Names": "ids and names of one's own",
		"console.Comparison": "prices:write", "console.PriceVersion": "prices:read", "console.FileVersion": "prices:read", "console.PriceAnswer": "prices:read",
		"console.ClosedTenant": "invoices:write", "console.LimitView": "limits:read", "job.Job": "seen takes out what is not for everybody",
		"access.User": "users:read", "access.Key": "one's own, or users:read; the secret is not in it", "access.Factor": "one's own", "access.View": "one's own",
		"invoice.Issued": "invoices:read", "invoice.Document": "invoices:read", "invoice.Profile": "invoices:read", "invoice.Result": "invoices:write",
		"ledger.State": "money:read", "ledger.Posting": "money:write", "ledger.Line": "money:read",
		"rating.Rate": "prices:read", "rating.Deck": "prices:read", "reports.Expenses": "invoices:read", "reports.Period": "what was asked", "traffic.Report": "stats:read, without money",
		"routing.DialStep": "routing:read, without money", "routing.Dialled": "routing:read, without money",
		"console.ApplyPlan": "for those who may write all of it", "provision.Snapshot": "for those who may write all of it", "console.VersionFile": "prices:read",
		"console.ListInHand": "prices:write", "console.Preview": "prices:write", "console.ReadRecords": "counts", "importer.Import": "imports:undo", "importer.Outlook": "imports:undo", "importer.Undo": "imports:undo",
		"console.RerateReport": "money:read and cost:read", "console.RerateRun": "money:read", "ledger.Closing": "money:read",
		"retention.Line": "retention:read", "retention.Found": "retention:write", "retention.Hold": "retention:read", "console.ObjectVersion": "audit:read; secrets are masked in it",
		"mail.Scheduled": "users:read", "reports.Question": "what was asked", "console.KeptRate": "prices:read", "console.RateFetch": "prices:read",
		"ledger.Node": "overview:read", "ledger.NodeEvent": "overview:read", "console.Incident": "money:read", "console.ApplyReport": "for those who may write all of it",
	}
}

// TestAnswersAreClassified looks at what every operation answers with: a struct whose fields have no tags is shown as a whole, and says why.
func TestAnswersAreClassified(t *testing.T) {
	t.Parallel()
	answers := make(map[string]reflect.Type)
	for m := range reflect.TypeFor[*Console]().Methods() {
		for out := range m.Type.Outs() {
			for out.Kind() == reflect.Pointer || out.Kind() == reflect.Slice {
				out = out.Elem()
			}
			if out.Kind() == reflect.Struct && strings.HasPrefix(out.PkgPath(), "trunkline/") {
				answers[out.String()] = out
			}
		}
	}
	require.Greater(t, len(answers), 20)
	for name := range whole() {
		require.Contains(t, answers, name, "nothing answers with it any more")
	}
	for name, answer := range answers {
		if _, ok := whole()[name]; ok {
			continue
		}
		_, err := field.ShapeOf(answer, "json")
		require.NoError(t, err, name)
		tagged := slices.ContainsFunc(reflect.VisibleFields(answer), func(f reflect.StructField) bool { return f.Tag.Get(field.Tag) != "" })
		require.True(t, tagged, "%s: say of its fields whom they are shown to, or why all of it is shown", name)
	}
}

// TestRowsCanBeRedacted builds everything that takes out of rows what somebody does not see, as every role: a wrong tag is a panic.
func TestRowsCanBeRedacted(t *testing.T) {
	t.Parallel()
	for _, role := range access.Roles() {
		who := &access.Principal{Role: role, Tenant: map[bool]string{true: "acme"}[role.OfTenant()]}
		require.NotPanics(t, func() {
			redactor[CallLeg](who)
			redactor[CallDetail](who)
			redactor[LiveCall](who)
			redactor[Overview](who)
			redactor[DeadLeg](who)
			redactor[Delivery](who)
			redactor[ImportFault](who)
			redactor[RouteAnswer](who)
			redactor[SIPMessage](who)
			redactor[alert.Alarm](who)
			redactor[alert.Rules](who)
			redactor[inventory.Number](who)
			redactor[invoice.Charge](who)
			redactor[lcr.Explanation](who)
			redactor[reports.Row](who)
			redactor[reports.Answer](who)
			for _, f := range reports.Fields() {
				f.Access()
			}
			for _, d := range reports.Dimensions() {
				d.Access()
			}
			legFor(redactor[CallLeg](who), &cdr.Record{})
			figuresShape()
			callColumns(who)
		}, role)
	}
}
