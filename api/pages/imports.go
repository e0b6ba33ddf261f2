package pages

import (
	"trunkline/console"
	"trunkline/job"
)

// importsShown bounds the imports and faults that are shown at once.
const importsShown = 200

// importsPage is what was imported, and what could not be used of it.
type importsPage struct {
	Imports []console.Import
	Faults  []console.ImportFault
	Query   console.ImportQuery
}

func (p *Pages) imports(r *request) error {
	v := importsPage{Query: console.ImportQuery{Tenant: r.Query("tenant"), PBX: r.Query("pbx"), File: r.Query("file"), Limit: importsShown}}
	var err error
	if v.Imports, err = p.o.Console.Imports(r.Request.Context(), r.who, v.Query); err != nil {
		return err
	}
	if v.Faults, err = p.o.Console.ImportFaults(r.Request.Context(), r.who, v.Query); err != nil {
		return err
	}
	return r.show("imports", "Imports", v)
}

func (p *Pages) undoImports(r *request) error {
	ids, err := r.chosen()
	if err != nil {
		return err
	}
	j, err := p.o.Console.StartUndoImports(r.Request.Context(), r.who, ids, r.PostForm("reason"))
	return r.begun(j, err)
}

func (p *Pages) importAgain(r *request) error {
	ids, err := r.chosen()
	if err != nil {
		return err
	}
	j, err := p.o.Console.StartImportsAgain(r.Request.Context(), r.who, ids, r.PostForm("reason"))
	return r.begun(j, err)
}

// begun goes to the page of a job.
func (r *request) begun(j job.Job, err error) error {
	if err != nil {
		return err
	}
	return r.to("/jobs/"+j.ID, "")
}
