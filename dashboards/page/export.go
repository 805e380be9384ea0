package page

// ExportForm is what the part "export" shows: the form that takes something out.
type ExportForm struct {
	*Layout
	// Field is finding, campaign, batch or q, and Value its id or the query.
	Field, Value string
}

// Export is the form for a finding, campaign or batch by its id, or a query:
//
//	{{template "export" (.Export "finding" .ID)}}
func (v *Layout) Export(field, value string) ExportForm { return ExportForm{v, field, value} }

// Formats are those of the buttons.
func (ExportForm) Formats() []string { return []string{"zip", "csv", "jsonl", "md"} }
