package engine

import "testing"

// TestDates: a date or a range on a page is not an account.
func TestDates(t *testing.T) {
	e := loadDetection(t, "  a: {regex: ['[薇威]\\s*[a-z]{0,9}\\d[0-9-]{4,}', '\\d[\\d-]{5,}', '\\d{3}年\\p{Han}']}\n  condition: a\n")
	for text, want := range map[string]bool{
		"更新 威2024-09-04 09:30":    false,
		"看法（20-2000个字）":           false,
		"2009-2018年统计":            false,
		"第100-120章":               false,
		"威a88001":                 true,
		"加威2024-09-04或威a88001":    true,
		"账号 20240904 转":           true,
		"电话 0571-88880000":        true,
		"2024-09-04起致电 400800123": true,
	} {
		doc := texts(text)
		if got := fires(e, doc); got != want {
			t.Errorf("%s: fires %v", text, got)
		}
	}
}

// TestQuoted: text within code or a quotation is marked as quoted.
func TestQuoted(t *testing.T) {
	e := loadDetection(t, "  a: {terms: [百家乐]}\n  condition: a\n")
	for path, want := range map[string]bool{
		"body > article > pre > code": true, "body > pre": true, "body > blockquote > p": true, "body > blockquote:nth-of-type(2) > p": true,
		"body > p": false, "body > precis > p": false,
	} {
		r := region("百家乐")
		r.Path = path
		if got := e.Evaluate(page(r)).Fired; len(got) != 1 || got[0].Quoted != want {
			t.Errorf("%s: %+v", path, got)
		}
	}
}
