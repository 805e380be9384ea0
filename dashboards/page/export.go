package page

// ExportForm is the form that exports something, as the template "export" shows it.
type ExportForm struct {
	*Layout
	// Field is finding, campaign, batch or q; Value is an id, or for q the query.
	Field, Value string
}

// Export is the form for a finding, campaign or batch by its id, or a query:
//
//	{{template "export" (.Export "finding" .ID)}}
func (v *Layout) Export(field, value string) ExportForm { return ExportForm{v, field, value} }

// Formats are the formats of the buttons.
func (ExportForm) Formats() []string { return []string{"zip", "csv", "jsonl", "md"} }
