package ingest_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding/simplifiedchinese"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/ingest"
	"github.com/qianshao/qianshao/locales"
)

const tableHeader = "编号,责任单位,依据,联系人,生效日期,截止日期,主机,速率\n"

// TestParseScopeCSV: the same table as spreadsheets in China and elsewhere write it.
func TestParseScopeCSV(t *testing.T) {
	t.Parallel()
	day := func(y, m, d int) time.Time { return time.Date(y, time.Month(m), d, 0, 0, 0, 0, qianshao.ChinaTime()) }
	want := []qianshao.Authorisation{{
		ID: "0017", Owner: "第一,中学", Basis: "+86 合同", Contact: "it@school.example", ValidFrom: day(2026, 1, 1), ValidUntil: day(2027, 1, 1),
		Hosts: []string{"school.example", "*.school.example"}, Rate: 0.5,
	}}
	table := tableHeader + "\"=\"\"0017\"\"\",\"第一,中学\",'+86 合同,it@school.example,2026/1/1,2026年12月31日,\"school.example；*.school.example\",0.5\n,,,,,,,\n"
	gbk, err := simplifiedchinese.GBK.NewEncoder().String(table)
	if err != nil {
		t.Fatal(err)
	}
	english := strings.Replace(table, strings.TrimSpace(tableHeader), "ID,owner,Basis,contact,valid_from,valid_until,hosts,rate", 1)
	for name, text := range map[string]string{
		"UTF-8": table, "BOM": "\ufeff" + table, "GBK": gbk, "CRLF": strings.ReplaceAll(table, "\n", "\r\n"), "English": english,
		"semicolons": strings.NewReplacer("第一,中学", "第一,中学", ",", ";").Replace(table),
	} {
		got, err := ingest.ParseScopeFile("x.CSV", []byte(text))
		for i := range got {
			got[i].Include, got[i].Exclude, got[i].Seeds = nil, nil, nil
		}
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%s: error %v (-want +got):\n%s", name, err, diff)
		}
	}
}

// TestParseScopeCSVMistakes: each mistake is reported at its line and column, counted in characters.
func TestParseScopeCSVMistakes(t *testing.T) {
	t.Parallel()
	row := func(hosts string) string {
		return tableHeader + "a,学校,合同,it,2026-01-01,2026-12-31," + hosts + ",1\n"
	}
	for text, want := range map[string]string{
		"": `x.csv:1:1: the file is empty`, "\xff\xff\xff": "x.csv:1:1: neither UTF-8 nor GB 18030", "a\x00b": "x.csv:1:1: neither UTF-8",
		"编号,颜色\n": `x.csv:1:4: unknown column "颜色"`, "id,编号\n": `x.csv:1:4: column "id" is given twice`,
		row("https://a.example/"):           `x.csv:2:34: host "https://a.example/" is not a bare name`,
		row("*"):                            `x.csv:2:34: host "*" has a * that is not in front`,
		row("*.com.cn"):                     `x.csv:2:34: host "*.com.cn" covers the sites of many owners`,
		row("=HYPERLINK(1)"):                `x.csv:2:34: "=HYPERLINK(1)" is a formula`,
		row("a.example,1,more"):             `x.csv:2:46: "more" is in a column without a name`,
		row("a.example") + row("b.example"): `x.csv:3:16: 生效日期 "生效日期" is not a date`,
		row("a.example") + "a,学校,合同,it,2026-01-01,2026-12-31,b.example,1\n": `x.csv:3:1: id "a" is used twice, first in line 2`,
		row("\"a.example"): `not valid CSV`,
		strings.Replace(row("a.example"), "合同", "", 1):                 `x.csv:2:1: 依据 is empty`,
		strings.Replace(row("a.example"), "2026-12-31", "明年", 1):       `x.csv:2:23: 截止日期 "明年" is not a date`,
		strings.Replace(row("a.example"), "2026-12-31", "2025/1/1", 1): `x.csv:2:23: 截止日期 is not after 生效日期`,
	} {
		_, err := ingest.ParseScopeCSV("x.csv", []byte(text))
		var wrong *ingest.ScopeError
		if !errors.As(err, &wrong) || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
			continue
		}
		for _, m := range wrong.Mistakes {
			if m.Message.Key == "" || m.Line < 1 || m.Column < 1 {
				t.Errorf("%q: %+v", text, m)
			}
		}
	}
}

// TestParseScopeFields: a form is read as a row is, and a mistake names its field.
func TestParseScopeFields(t *testing.T) {
	t.Parallel()
	values := map[string]string{
		"id": "a", "owner": "o", "basis": "b", "contact": "c", "valid_from": "2026-01-01", "valid_until": "2026-12-31",
		"hosts": "a.example\r\nb.example:8080", "exclude": "/x/ /y/", "revisit_max": "7d", "queries": "false",
	}
	a, err := ingest.ParseScopeFields(values)
	if err != nil || len(a.Hosts) != 2 || len(a.Exclude) != 2 || !a.NoQueries || a.RevisitMax != 7*24*time.Hour {
		t.Fatalf("%+v, %v", a, err)
	}
	back := map[string]string{}
	for _, f := range a.Fields() { // what is written is read as it was
		back[f.Key] = f.Value
	}
	again, err := ingest.ParseScopeFields(back)
	if diff := cmp.Diff(a, again); err != nil || diff != "" {
		t.Errorf("error %v (-want +got):\n%s", err, diff)
	}
	for field, value := range map[string]string{"owner": "", "hosts": "", "rate": "fast", "seeds": "http://a.example:81/", "valid_until": "x", "views": "search_crawler", "id": "a b"} {
		wrong := map[string]string{}
		for k, v := range values {
			wrong[k] = v
		}
		wrong[field] = value
		var mistakes *ingest.ScopeError
		if _, err := ingest.ParseScopeFields(wrong); !errors.As(err, &mistakes) || mistakes.Mistakes[0].Field != field {
			t.Errorf("%s %q: %v", field, value, err)
		}
	}
}

// TestFormMistakes: a mistake in a form names its labels, not the keys of a file.
func TestFormMistakes(t *testing.T) {
	t.Parallel()
	_, err := ingest.ParseScopeFields(map[string]string{
		"valid_from": "2026-01-01", "valid_until": "2025-13-40", "hosts": "10.0.0.1", "rate": "abc", "revisit_max": "5m", "revisit_min": "daily", "views": "search_crawler", "id": "a b", "basis": "b", "contact": "c",
	})
	var wrong *ingest.ScopeError
	if !errors.As(err, &wrong) {
		t.Fatal(err)
	}
	got := map[string][2]string{}
	for _, m := range wrong.Mistakes {
		got[m.Field] = [2]string{m.Message.In(locales.Chinese), m.Message.In(locales.English)}
	}
	want := map[string][2]string{
		"id":          {"“授权编号”的 \"a b\" 含空格或看不见的字符；给一个短名，例如 school-2026", `Authorisation id "a b" has spaces or invisible characters; give a short name, such as school-2026`},
		"owner":       {"没有写“责任单位”；写明对站点负责的单位", "Owner is empty; name the organisation that answers for the sites"},
		"valid_until": {"“截止日期”的 \"2025-13-40\" 不是日期；写 2026-12-31 或 2026-12-31T18:00:00+08:00", `Last day "2025-13-40" is not a date; write 2026-12-31 or 2026-12-31T18:00:00+08:00`},
		"hosts":       {"主机 \"10.0.0.1\" 是内网地址，默认关闭；内网站点请设为“内网地址：允许”", `host "10.0.0.1" is a private address, which the address guard closes; for an intranet site, set Private addresses: open`},
		"rate":        {"“每秒请求数”的 \"abc\" 不是数；写每秒请求数，例如 0.5、1 或 2", `Requests a second "abc" is not a number; write requests a second, such as 0.5, 1 or 2`},
		"revisit_min": {"“最短重访间隔”的 \"daily\" 不是时间长度；写 90m（90 分钟）、6h（6 小时）或 7d（7 天）", `Shortest time between visits "daily" is not a length of time; write 90m (90 minutes), 6h (6 hours) or 7d (7 days)`},
		"revisit_max": {"“最长重访间隔”超出范围；应在 10 分钟与 90 天之间", "Longest time between visits is not between 10 minutes and 90 days"},
		"views":       {"“搜索爬虫视角”要求写明“爬虫视角的依据”，即责任单位书面同意之处，因为这种请求自称搜索引擎爬虫", "for the view as a search crawler, fill in Basis of the crawler's view: where the owner permits it in writing, since its requests name a search engine's crawler"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("mistakes (-want +got):\n%s", diff)
	}
	if _, err := ingest.ParseScopeFields(nil); !errors.As(err, &wrong) || len(wrong.Mistakes) != 7 {
		t.Errorf("an empty form, in which seven fields are needed: %v", err)
	}
}

// TestSeedPort: a seed on a port that its host does not cover is reported as such.
func TestSeedPort(t *testing.T) {
	t.Parallel()
	_, err := ingest.ParseScopeFields(map[string]string{
		"id": "a", "owner": "o", "basis": "b", "contact": "c", "valid_from": "2026-01-01", "valid_until": "2026-12-31", "hosts": "a.example", "seeds": "http://a.example:8080/",
	})
	if err == nil || !strings.Contains(err.Error(), "add a.example:8080 to Hosts") {
		t.Errorf("told %v", err)
	}
}

// TestFloods: a file in which everything is wrong is refused at once with the first mistakes, and
// so is a table with endless rows. Each once took minutes and gigabytes.
func TestFloods(t *testing.T) {
	t.Parallel()
	const many = 200_000
	for name, file := range map[string]string{
		"header.csv": strings.Repeat("a,", many),
		"wide.csv":   "id\n" + strings.Repeat("x,", many),
		"rows.csv":   "id\n" + strings.Repeat("x\n", many),
		"hosts.csv":  "id,hosts\nx," + strings.Repeat("*a ", many),
		"list.yaml":  "authorisations:\n" + strings.Repeat(" - {}\n", many),
	} {
		begun := time.Now()
		_, err := ingest.ParseScopeFile(name, []byte(file))
		var wrong *ingest.ScopeError
		if !errors.As(err, &wrong) || len(wrong.Mistakes) > 1000 {
			t.Errorf("%s: %.200v", name, err)
		}
		if took := time.Since(begun); took > 5*time.Second {
			t.Errorf("%s took %s", name, took)
		}
	}
}
