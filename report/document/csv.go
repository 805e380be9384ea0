package document

import (
	"io"
	"strconv"

	"github.com/qianshao/qianshao/export"
)

// CSV writes all figures as one table for spreadsheets, one figure per row: its section and table, the row
// of that table and its first cell, the name of the figure, and its value. So one file contains tables with
// different columns, and filters and pivot tables still work.
func (d *Document) CSV(w io.Writer) error {
	name := func(key string) string { return d.Language.Text("figures.csv." + key) }
	s, err := export.NewSheet(w, []string{name("section"), name("table"), name("row"), name("item"), name("figure"), name("value")})
	if err != nil {
		return err
	}
	for i, f := range d.Facts {
		if err := s.Row([]string{d.Title, "", strconv.Itoa(i + 1), "", f.Name, f.Value}); err != nil {
			return err
		}
	}
	for i := range d.Sections {
		if err := d.Sections[i].csv(s); err != nil {
			return err
		}
	}
	return s.End()
}

func (s *Section) csv(w *export.Sheet) error {
	for i, tile := range s.Tiles {
		if err := w.Row([]string{s.Title, "", strconv.Itoa(i + 1), "", tile.Name, tile.Value}); err != nil {
			return err
		}
	}
	for i := range s.Tables {
		t := &s.Tables[i]
		for n, row := range t.Rows {
			for j := 1; j < len(row); j++ {
				value := row[j].Raw
				if value == "" {
					value = row[j].Text
				}
				if err := w.Row([]string{s.Title, t.Title, strconv.Itoa(n + 1), row[0].Text, t.Columns[j].Name, value}); err != nil {
					return err
				}
			}
		}
	}
	return nil
}
