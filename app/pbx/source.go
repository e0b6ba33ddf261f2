package pbx

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"trunkline/cdr/importer"
	"trunkline/cdr/smdr"
	"trunkline/internal/calls"
	"trunkline/internal/cause"
	"trunkline/internal/e164"
	"trunkline/provision"
	"trunkline/reports/invoice"
	"trunkline/routing"
)

// importPlan answers the importers' questions out of one snapshot.
type importPlan struct {
	snapshot *provision.Snapshot
	tenant   *provision.Tenant
	pbx      *provision.PBX
	history  *invoice.Timeline
}

// Place implements smdr.Plan.
func (p *importPlan) Place(extension, account, trunk string, at time.Time) smdr.Place {
	place := p.snapshot.PlaceCall(p.tenant.ID, p.pbx, extension, account, trunk, at)
	if then := p.history.First(at); then != nil && !place.OfTrunk { // A record of last month is charged by the plan of last month.
		place.Tariff = then.TariffOf(place.Branch, place.Extension)
	}
	return smdr.Place{
		Branch: place.Branch, Extension: place.Extension, Tariff: place.Tariff, CallerID: place.CallerID,
		Number: place.Number, Internal: place.Internal,
	}
}

// Dialled implements smdr.Plan.
func (p *importPlan) Dialled(branch, digits string) (e164.Number, string) {
	plan, ok := p.snapshot.DialPlan(p.tenant.ID, branch)
	if !ok || digits == "" {
		return e164.Number{}, ""
	}
	area := ""
	if b, ok := p.snapshot.Branch(p.tenant.ID, branch); ok {
		area = b.Area
	}
	d := routing.Dial(plan, digits, area)
	return d.Number, d.Extension
}

// Own implements smdr.Plan.
func (p *importPlan) Own(digits string) (smdr.Owned, bool) {
	if e, ok := p.snapshot.OwnExtension(p.tenant.ID, p.pbx, digits); ok {
		return smdr.Owned{Extension: e}, true
	}
	number, extension := p.Dialled(p.pbx.Branch, digits)
	if extension != "" {
		return smdr.Owned{Extension: extension}, true
	}
	if n, err := e164.Parse(digits); err == nil { // Switches record numbers with the country code and nothing before it.
		if e, ok := p.snapshot.OwnNumber(p.tenant.ID, p.pbx, n); ok {
			return smdr.Owned{Number: n, Extension: e}, true
		}
	}
	e, ok := p.snapshot.OwnNumber(p.tenant.ID, p.pbx, number)
	return smdr.Owned{Number: number, Extension: e}, ok
}

// Source is a PBX as the importers see it.
type Source struct {
	PBX      *provision.PBX
	Format   *smdr.Format
	Zone     *time.Location
	Mapper   smdr.Mapper
	settings json.RawMessage
}

// Begin is an import of the PBX's records that is about to begin.
func (s *Source) Begin(origin, way, by string) importer.Import {
	return importer.Import{Tenant: s.Mapper.Tenant, PBX: s.Mapper.PBX, Origin: origin, Way: way, By: by, Settings: s.settings}
}

// Options are what the readers of a PBX's records are to know.
func (s *Source) Options() smdr.Options {
	return smdr.Options{Zone: s.Zone, Stamp: s.PBX.Stamp, Charset: s.PBX.Charset}
}

// pbxFormat is the format of a PBX's records: a built-in one, or one of the operator's own.
func pbxFormat(p *provision.PBX) (*smdr.Format, error) {
	if p.OwnFormat() {
		return smdr.Read(bytes.NewReader(p.Description))
	}
	return smdr.BuiltIn(p.Format)
}

// CheckFormats makes sure that the formats of all PBXs can be read by.
func CheckFormats(b *provision.Bundle) error {
	var faults []error
	for i := range b.Operator.Tenants {
		for j := range b.Operator.Tenants[i].PBXs {
			p := &b.Operator.Tenants[i].PBXs[j]
			if smdr.CheckCharset(p.Charset) != nil {
				at := fmt.Sprintf("tenants[%d].pbxs[%d].charset", i, j)
				faults = append(faults, b.Fault(at, fmt.Sprintf("%q is no charset", p.Charset), "use one of "+strings.Join(smdr.Charsets(), ", ")))
			}
			_, err := pbxFormat(p)
			switch at := fmt.Sprintf("tenants[%d].pbxs[%d].format", i, j); {
			case err != nil && p.OwnFormat():
				faults = append(faults, b.Fault(at, fmt.Sprintf("%s: %v", p.Format, err), "correct the description; `trunkline import parse --format FILE` tries it"))
			case err != nil:
				faults = append(faults, b.Fault(at, fmt.Sprintf("%q is no format", p.Format), "name one that `trunkline import formats` lists, or a file such as mine.yaml"))
			}
		}
	}
	return errors.Join(faults...)
}

// tenantHistories knows how tenants were set up before.
type tenantHistories interface {
	TenantHistory(ctx context.Context, tenant string) ([]invoice.Version, error)
}

// NewSource finds a tenant's PBX and what is set up for it, and what the tenant was on when.
func NewSource(ctx context.Context, s *provision.Snapshot, past tenantHistories, tenant, id string) (*Source, error) {
	t, ok := s.Tenant(tenant)
	if !ok {
		return nil, cause.Mark(cause.Input, fmt.Errorf("there is no tenant %q", tenant))
	}
	p, ok := s.PBX(tenant, id)
	if !ok {
		return nil, cause.Mark(cause.Input, fmt.Errorf("the tenant %s has no PBX %q: declare it under pbxs in the operator's file", tenant, id))
	}
	format, err := pbxFormat(p)
	if err != nil {
		return nil, cause.Mark(cause.Input, fmt.Errorf("PBX %s of %s: %w", id, tenant, err))
	}
	versions, err := past.TenantHistory(ctx, tenant)
	if err != nil {
		return nil, err
	}
	history, err := invoice.NewTimeline(versions, time.Time{})
	if err != nil {
		return nil, err
	}
	name := p.TimeZone
	if name == "" {
		name = t.TimeZone
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return nil, cause.Mark(cause.Input, fmt.Errorf("PBX %s of %s: %w", id, tenant, err))
	}
	settings, err := s.ImportSettings(tenant, p)
	if err != nil {
		return nil, err
	}
	out := &Source{settings: settings, PBX: p, Format: format, Zone: zone, Mapper: smdr.Mapper{
		Tenant: tenant, PBX: id, Plan: &importPlan{s, t, p, history}, Prefix: p.Prefix, Seizure: p.Seizure,
		Numbered: t.Numbered(p),
		ByNumber: func(id string) bool {
			tariff, ok := s.Tariff(id)
			return ok && tariff != nil && tariff.Prices(calls.Inbound)
		},
	}}
	if p.Round != nil {
		out.Mapper.RoundTo, out.Mapper.Round = p.Round.To, p.Round.Way
	}
	return out, nil
}
