package desk_test

import (
	"strings"
	"testing"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/desk"
	"github.com/qianshao/qianshao/locales"
)

// TestVerifyExport: an exported trail is checked without its folder, and any change of the file is reported.
func TestVerifyExport(t *testing.T) {
	t.Parallel()
	var lines []string
	var last desk.Head
	for seq := range int64(4) {
		a := qianshao.Act{Seq: seq + 1, At: time.UnixMilli(1_700_000_000_000 + seq), By: "ann", Kind: qianshao.ActNote, Subject: qianshao.Subject{Kind: qianshao.SubjectFinding, ID: "f"}, Detail: `{"words":"一"}`}
		a.Chain = desk.Link(last.Chain, &a)
		last = desk.Head{Seq: a.Seq, Chain: a.Chain}
		line, err := desk.RecordOf(&a).MarshalLine()
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, string(line))
	}
	whole := strings.Join(lines, "")
	other := desk.Head{Seq: 4, Chain: strings.Repeat("0", 64)}
	for name, tc := range map[string]struct {
		text string
		kept desk.Head
		want string
	}{
		"whole":      {whole, last, ""},
		"its end":    {lines[2] + lines[3], last, ""},
		"empty":      {"", desk.Head{}, ""},
		"changed":    {strings.Replace(whole, "一", "二", 1), desk.Head{}, "act 1 is not as it was written"},
		"removed":    {lines[0] + lines[2] + lines[3], desk.Head{}, "act 3 follows act 1: export without filters, or something is missing"},
		"cut off":    {lines[0] + lines[1], last, "the export does not have act 4, which was kept"},
		"another":    {whole, other, "act 4 is not the one that was kept"},
		"swapped":    {lines[1] + lines[0], desk.Head{}, "act 1 follows act 2: export without filters, or something is missing"},
		"no act":     {lines[0] + "<html>", desk.Head{}, "what follows act 1 is no act: invalid character '<' looking for beginning of value"},
		"torn":       {whole[:len(whole)-20], desk.Head{}, "what follows act 3 is no act: unexpected EOF"},
		"more":       {strings.Replace(lines[0], "{", `{"x":1,`, 1), desk.Head{}, `what follows act 0 is no act: json: unknown field "x"`},
		"kept blind": {lines[0][:strings.Index(lines[0], `"chain":"`)] + "\"chain\":\"\"}\n" + lines[1], desk.Head{}, "act 1 has no chain: it was kept from who has exported it"},
	} {
		var problems []string
		v, err := desk.VerifyExport(strings.NewReader(tc.text), tc.kept, func(p locales.Speaker) { problems = append(problems, p.In(locales.English)) })
		if err != nil || strings.Join(problems, "\n") != tc.want || v.Problems != len(problems) {
			t.Errorf("%s: %+v, %v, %q, want %q", name, v, err, problems, tc.want)
		}
	}
}
