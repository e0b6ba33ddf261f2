package console

import (
	"trunkline/access"
	"trunkline/reports"
	"trunkline/reports/export"
)

// StatsTable is an answer as a table, with what is somebody's to see.
func StatsTable(who *access.Principal, a *reports.Answer) *export.Table {
	t := &export.Table{}
	for _, d := range a.By {
		t.Fields = append(t.Fields, export.Field{Name: string(d)})
	}
	for _, name := range []string{"legs", "answered", "unanswered", "duration_seconds", "billed_seconds", "acd_ms", "pdd_p50_ms"} {
		t.Fields = append(t.Fields, export.Field{Name: name, Kind: export.Whole})
	}
	t.Fields = append(t.Fields, export.Field{Name: "asr"}, export.Field{Name: "ner"})
	if who.May(access.ReadSale) {
		t.Fields = append(t.Fields, export.Field{Name: "sale"})
	}
	if who.May(access.ReadCost) {
		t.Fields = append(t.Fields, export.Field{Name: "cost"})
	}
	if a.CompareTo != nil {
		t.Fields = append(t.Fields, beforeFields(who)...)
	}
	for i := range a.Rows {
		r := &a.Rows[i]
		var row []any
		for k := range a.By {
			key := ""
			if k < len(r.Keys) {
				key = r.Keys[k]
			}
			row = append(row, key)
		}
		row = append(row, r.Legs, r.Answered, r.Unanswered, r.Duration, r.Billed, int64(r.ACD), int64(r.PDD50), r.ASR.String(), r.NER.String())
		if who.May(access.ReadSale) {
			row = append(row, purse(r.Sale))
		}
		if who.May(access.ReadCost) {
			row = append(row, purse(r.Cost))
		}
		if a.CompareTo != nil {
			row = append(row, beforeCells(who, r.Before)...)
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// beforeFields are the columns of the period that is compared with.
func beforeFields(who *access.Principal) []export.Field {
	fields := []export.Field{
		{Name: "legs_before", Kind: export.Whole}, {Name: "answered_before", Kind: export.Whole}, {Name: "talk_seconds_before", Kind: export.Whole},
	}
	if who.May(access.ReadSale) {
		fields = append(fields, export.Field{Name: "sale_before"})
	}
	return fields
}

// beforeCells are those of beforeFields; a row that was not there before has none.
func beforeCells(who *access.Principal, f *reports.Figures) []any {
	var zero reports.Figures
	if f == nil {
		f = &zero
	}
	cells := []any{f.Legs, f.Answered, f.Duration}
	if who.May(access.ReadSale) {
		cells = append(cells, purse(f.Sale))
	}
	return cells
}
