package ingest

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
	"golang.org/x/text/encoding/simplifiedchinese"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/locales"
)

// maxColumns bounds the cells of a row: ten times as many as there are keys. Finding the place
// of a cell means counting from the beginning of its line.
const maxColumns = 200

// columns are the names that a column of a CSV file may have, in lower case, besides the keys
// of scope files. The labels of the console's form are among them.
func columns() map[string]string {
	names := map[string]string{}
	for key, others := range map[string][]string{
		"id": {"编号", "授权编号"}, "owner": {"责任单位", "单位"}, "basis": {"依据", "法律或合同依据"}, "contact": {"联系人", "联系方式"},
		"valid_from": {"生效日期", "开始日期"}, "valid_until": {"截止日期", "到期日期"}, "hosts": {"主机", "域名", "网站"},
		"include": {"包含路径"}, "exclude": {"排除路径"}, "queries": {"允许查询", "带查询的网址"}, "rate": {"速率", "每秒请求数"}, "allow_private": {"允许内网", "内网地址"},
		"seeds": {"起始网址"}, "revisit_min": {"最短重访", "最短重访间隔"}, "revisit_max": {"最长重访", "最长重访间隔"}, "robots_waiver": {"豁免依据", "豁免 robots.txt 的依据"},
		"views": {"视角", "其他视角"}, "crawler_basis": {"爬虫视角依据", "爬虫视角的依据"},
	} {
		names[key] = key
		for _, name := range others {
			names[name] = key
		}
	}
	return names
}

// ParseScopeFile reads a file of authorisations: CSV if the name ends in .csv, else as ParseScope does.
func ParseScopeFile(name string, data []byte) ([]qianshao.Authorisation, error) {
	if strings.EqualFold(filepath.Ext(name), ".csv") {
		return ParseScopeCSV(name, data)
	}
	return ParseScope(name, data)
}

// ParseScopeCSV reads authorisations from a table as spreadsheets write it: one row each, below a
// row with the keys of a scope file, or their Chinese names, in any order. The file is UTF-8 or
// GB 18030, with commas, semicolons or tabs. A cell may have several hosts, paths or URLs, with
// blanks, commas or semicolons between them; 2026/1/31 and 2026年1月31日 are dates as well, 是 and 否
// as well as true and false. The error is a *ScopeError, as from ParseScope.
func ParseScopeCSV(name string, data []byte) ([]qianshao.Authorisation, error) {
	r := &scopeReader{name: name}
	list := r.table(data)
	if len(r.mistakes) > 0 {
		for i, m := range r.mistakes {
			r.mistakes[i].Message = r.ofColumns(m.Message)
		}
		return nil, &ScopeError{Mistakes: r.mistakes}
	}
	return list, nil
}

// ParseScopeFields reads one authorisation from texts by the keys of a scope file, each
// written as in a cell of a CSV file.
func ParseScopeFields(values map[string]string) (qianshao.Authorisation, error) {
	r := &scopeReader{}
	record := &yaml.Node{Kind: yaml.MappingNode, Line: 1, Column: 1}
	for _, key := range authorisationKeys() {
		r.cell(record, key, values[key], 1, 1)
	}
	a := r.authorisation(record)
	if len(r.mistakes) > 0 {
		for i, m := range r.mistakes {
			r.mistakes[i].Message = onForm(m.Message)
		}
		return a, &ScopeError{Mistakes: r.mistakes}
	}
	return a, nil
}

// table reads a CSV file.
func (r *scopeReader) table(data []byte) (out []qianshao.Authorisation) {
	text, ok := r.decoded(data)
	if !ok {
		return nil
	}
	rows := csv.NewReader(strings.NewReader(text))
	rows.Comma, rows.FieldsPerRecord, rows.TrimLeadingSpace = delimiter(text), -1, true
	lines := strings.Split(text, "\n")
	at := func(i int) *yaml.Node {
		line, column := rows.FieldPos(i)
		return &yaml.Node{Line: line, Column: 1 + utf8.RuneCountInString(lines[line-1][:column-1])}
	}
	var keys []string
	ids := map[string]int{}
	for {
		row, err := rows.Read()
		var broken *csv.ParseError
		switch {
		case errors.Is(err, io.EOF):
			if keys == nil {
				r.add(&yaml.Node{}, "csv_empty")
			}
			return out
		case errors.As(err, &broken):
			r.add(&yaml.Node{Line: broken.Line, Column: broken.Column}, "csv", broken.Err)
			return nil
		case err != nil:
			r.add(&yaml.Node{}, "csv", err)
			return nil
		case len(row) > maxColumns:
			r.add(at(0), "csv_columns", len(row), maxColumns)
			return nil
		case !slices.ContainsFunc(row, func(cell string) bool { return strings.TrimSpace(cell) != "" }):
		case keys == nil:
			if keys = r.header(row, at); len(r.mistakes) > 0 {
				return nil
			}
		default:
			if out = append(out, r.another(r.row(row, keys, at), ids)); r.full() {
				return nil
			}
		}
	}
}

// decoded returns the text of a file that a spreadsheet has written.
func (r *scopeReader) decoded(data []byte) (string, bool) {
	if len(data) > MaxScopeFile {
		r.add(&yaml.Node{}, "file_size", len(data), MaxScopeFile)
		return "", false
	}
	text := strings.TrimPrefix(string(data), "\ufeff")
	if !utf8.ValidString(text) {
		decoded, err := simplifiedchinese.GB18030.NewDecoder().String(text)
		if err != nil || strings.ContainsRune(decoded, utf8.RuneError) {
			decoded = "\x00"
		}
		text = decoded
	}
	if strings.ContainsRune(text, 0) {
		r.add(&yaml.Node{}, "csv_encoding")
		return "", false
	}
	return text, true
}

// delimiter returns the character that separates the names of the columns.
func delimiter(text string) rune {
	header, _, _ := strings.Cut(strings.TrimLeft(text, "\r\n"), "\n")
	best := ','
	for _, r := range ";\t" {
		if strings.Count(header, string(r)) > strings.Count(header, string(best)) {
			best = r
		}
	}
	return best
}

// ofColumns returns a mistake with the names of the table's columns for keys.
func (r *scopeReader) ofColumns(m locales.Message) locales.Message {
	args := slices.Clone(m.Args)
	for i, arg := range args {
		if k, ok := arg.(key); ok && r.columns[k] != "" {
			args[i] = r.columns[k]
		}
	}
	return locales.M(m.Key, args...)
}

// header returns the keys of the columns, "" for one without name.
func (r *scopeReader) header(row []string, at func(int) *yaml.Node) []string {
	known := columns()
	r.columns = map[key]string{}
	keys := make([]string, len(row))
	for i, cell := range row {
		name := strings.ToLower(strings.TrimSpace(cell))
		if name == "" {
			continue
		}
		column, ok := known[name]
		switch {
		case !ok:
			r.add(at(i), "column_unknown", name, suggest(name, authorisationKeys()))
		case slices.Contains(keys, column):
			r.add(at(i), "column_twice", column)
		}
		keys[i], r.columns[key(column)] = column, name
	}
	return keys
}

// row returns a row as a scope file would have it.
func (r *scopeReader) row(row, keys []string, at func(int) *yaml.Node) *yaml.Node {
	first := at(0)
	record := &yaml.Node{Kind: yaml.MappingNode, Line: first.Line, Column: first.Column}
	for i, cell := range row {
		where := at(i)
		switch {
		case i < len(keys) && keys[i] != "":
			r.cell(record, keys[i], cell, where.Line, where.Column)
		case strings.TrimSpace(cell) != "":
			r.add(where, "column_none", cell)
		}
	}
	return record
}

var (
	// asFormula is how digits are written as text for a spreadsheet: ="0017".
	asFormula = regexp.MustCompile(`^="([^"]*)"$`)
	// day is a date as spreadsheets and people in China write it.
	day = regexp.MustCompile(`^(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?$`)
)

// cell adds a cell to a record, unless it is empty.
func (r *scopeReader) cell(record *yaml.Node, key, cell string, line, column int) {
	node := func(value string) *yaml.Node {
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Style: yaml.DoubleQuotedStyle, Value: value, Line: line, Column: column}
	}
	value := strings.TrimSpace(cell)
	if m := asFormula.FindStringSubmatch(value); m != nil {
		value = m[1]
	}
	if len(value) > 1 && value[0] == '\'' && strings.ContainsRune("=+-@\t\r", rune(value[1])) {
		value = value[1:] // the mark that keeps a spreadsheet from taking a text for a formula
	}
	if strings.HasPrefix(value, "=") {
		r.tell(node(value), key, bad("formula", value))
		return
	}
	if value == "" {
		return
	}
	content := node(value)
	switch key {
	case "hosts", "include", "exclude", "seeds", "views":
		content.Kind, content.Tag, content.Value = yaml.SequenceNode, "!!seq", ""
		for _, entry := range strings.FieldsFunc(value, isBetween) {
			content.Content = append(content.Content, node(entry))
		}
	case "valid_from", "valid_until":
		if m := day.FindStringSubmatch(value); m != nil {
			content.Value = m[1] + "-" + twoDigits(m[2]) + "-" + twoDigits(m[3])
		}
	case "allow_private", "queries":
		content.Value = truthOf(value)
	}
	record.Content = append(record.Content, node(key), content)
}

// isBetween says whether a character separates the entries of a cell.
func isBetween(r rune) bool { return strings.ContainsRune(" \t\r\n,;，；、\u3000", r) }

func twoDigits(n string) string {
	if len(n) == 1 {
		return "0" + n
	}
	return n
}

// truthOf reads how people and spreadsheets write true and false.
func truthOf(value string) string {
	switch strings.ToLower(value) {
	case "是", "允许", "访问", "true", "yes", "y", "1":
		return "true"
	case "否", "不允许", "不访问", "false", "no", "n", "0":
		return "false"
	}
	return value
}

// IsCSV guesses whether a file is a table when its name does not say so: a scope file begins
// with a comment or its only key.
func IsCSV(data []byte) bool {
	text := bytes.TrimLeft(bytes.TrimPrefix(data, []byte("\ufeff")), " \t\r\n-")
	return !bytes.HasPrefix(text, []byte("#")) && !bytes.HasPrefix(text, []byte("authorisations"))
}
