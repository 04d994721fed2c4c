package citus

import (
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/coditect/platform/cell"
)

// Which text of a project a term is of.
const (
	nameTerms        = "name"
	descriptionTerms = "description"
)

const (
	deleteTermsSQL = `DELETE FROM project_terms WHERE tenant_id = $1 AND project_id = $2 AND field = $3`
	insertTermsSQL = `INSERT INTO project_terms (tenant_id, term, project_id, field)
	SELECT t.tenant_id, x.term, $2, $3 FROM tenants t, unnest($4::text[]) AS x (term) WHERE t.tenant_id = $1`
)

// replaceTerms queues what makes a project findable by the text that a change
// sets; nil leaves the terms.
func (w *work) replaceTerms(project uuid.UUID, field string, text *string) {
	if text == nil {
		return
	}
	w.Queue(deleteTermsSQL, w.tenant(), project.String(), field)
	w.addTerms(project, field, *text)
}

func (w *work) addTerms(project uuid.UUID, field, text string) {
	if terms := cell.Terms(text); len(terms) > 0 {
		w.Queue(insertTermsSQL, w.tenant(), project.String(), field, terms)
	}
}

// matching returns a condition for projects p: each term begins a word of it.
func matching(terms []string, args []any) (string, []any) {
	condition := ""
	for _, term := range terms {
		args = append(args, term, term+string(utf8.MaxRune)) // no text that begins with term comes after the second
		condition += ` AND EXISTS (SELECT FROM project_terms x WHERE x.tenant_id = p.tenant_id AND x.project_id = p.project_id AND x.term >= ` +
			placeholder(len(args)-1) + ` AND x.term < ` + placeholder(len(args)) + `)`
	}
	return condition, args
}
