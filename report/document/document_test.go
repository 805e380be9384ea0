package document_test

import (
	"archive/zip"
	"bytes"
	"encoding/csv"
	"encoding/xml"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/locales"
	"github.com/qianshao/qianshao/report"
	"github.com/qianshao/qianshao/report/document"
)

var update = flag.Bool("update", false, "write the golden files anew")

// hostile is what a page may contain: markup, a formula, an address, marks of direction, an identity
// number.
const hostile = "=HYPERLINK(\"http://evil.example/x\")<script>alert(1)</script>\u202e</style>&lt;b 11010519491231002X"

// small is a report made by hand, of a week in which everything has happened and all texts are hostile.
func small() *report.Report {
	r := week()
	r.Rules = append(r.Rules, report.Rule{ID: "bad", Title: hostile, Category: qianshao.Phishing, Findings: 230, Rate: report.RateOf(2, 18, 0), Audit: report.RateOf(1, 10, 0)})
	r.Sites = append(r.Sites, report.Site{Host: "evil.example" + hostile, Authorisation: hostile, Findings: 1})
	r.Campaigns = append(r.Campaigns, report.Campaign{ID: "c2", Label: hostile, Category: qianshao.Phishing, Level: qianshao.LevelHigh, Findings: 30, Sites: 2, First: r.Query.Period.From.Add(30 * time.Hour)})
	r.Unmonitored = append(r.Unmonitored, qianshao.Unmonitored{Authorisation: hostile, Reason: qianshao.UnmonitoredEnding, Since: r.Query.Period.To.AddDate(0, 0, 9)})
	r.RuleChanges[0].Added = append(r.RuleChanges[0].Added, hostile)
	return r
}

// week is the report without hostile texts, which the documentation shows.
func week() *report.Report {
	zone := qianshao.ChinaTime()
	period := report.Week(time.Date(2026, 11, 18, 12, 0, 0, 0, zone), zone)
	kappa := .71
	r := &report.Report{
		Query: report.Query{Period: period, Sight: qianshao.SeeAll()}, Made: time.Date(2026, 11, 23, 1, 0, 0, 0, time.UTC),
		Volume: report.Volume{
			Findings: 1234, Pages: 1100, Sites: 17, Campaigns: 41, Open: 1000, Gone: 234,
			ByCategory: []report.Count{{Value: "gambling", Findings: 1000, Before: 800}, {Value: "phishing", Findings: 230, Before: 400}, {Value: "drugs", Findings: 4, Before: 1}},
			ByLevel:    []report.Count{{Value: "high", Findings: 900, Before: 900}, {Value: "critical", Findings: 300, Before: 100}, {Value: "medium", Findings: 34, Before: 201}},
		},
		Verdicts: report.Verdicts{
			Crime: 700, NotCrime: 90, Unsure: 10, Undecided: 434, Overdue: 12, Parked: 3, Median: 3*time.Hour + 20*time.Minute, P90: 51 * time.Hour, Decided: 790,
			Reasons: []report.Count{{Value: "awareness", Findings: 60, Before: 10}, {Value: "lawful", Findings: 30, Before: 31}}, Whose: []report.Count{{Value: "hacked", Findings: 650, Before: 300}},
			Agreement: report.Agreement{Reviews: 40, Agreed: 36, Kappa: &kappa}, Audit: report.Agreement{Reviews: 4, Agreed: 4},
		},
		Before: report.Summary{Found: 1201, Decided: 640, Crime: 600, NotCrime: 40, Relapsed: 2},
		Rules: []report.Rule{
			{ID: "gambling-casino-promotion", Title: "线上赌场推广", Category: qianshao.Gambling, Findings: 1000, Rate: report.RateOf(38, 2, 1), Audit: report.RateOf(3, 0, 0)},
			{ID: "phishing-bank-login", Title: "仿冒银行登录", Category: qianshao.Phishing, Findings: 230, Rate: report.RateOf(12, 9, 0)},
		}, MoreRules: 2,
		Sites: []report.Site{
			{Host: "clinic.example", Authorisation: "clinic", Findings: 900, Crime: 500, NotCrime: 1, Unsure: 2, Reviewing: 3, Open: 800, Relapsed: 6, Categories: []qianshao.Category{qianshao.Gambling, qianshao.Phishing}},
			{Host: "school.example", Authorisation: "school", Findings: 210, Crime: 180, NotCrime: 20, Open: 190, Categories: []qianshao.Category{qianshao.Gambling}},
		}, MoreSites: 15,
		Campaigns: []report.Campaign{
			{ID: "c1", Label: "注册送88元 www.casino.example", Category: qianshao.Gambling, Level: qianshao.LevelCritical, Findings: 700, Sites: 9, Verdict: qianshao.VerdictCrime, First: period.From.Add(time.Hour)},
		}, MoreCampaigns: 39,
		Relapses:    report.Relapses{Findings: 6, Sites: []report.Count{{Value: "clinic.example", Findings: 6, Before: 2}}},
		Unmonitored: []qianshao.Unmonitored{{Host: "silent.example", Authorisation: "silent", Reason: qianshao.UnmonitoredDown, Since: period.From}},
		UnmonitoredCounts: qianshao.UnmonitoredCounts{
			qianshao.UnmonitoredDown: 1, qianshao.UnmonitoredEnding: 1,
		},
		RuleChanges: []report.RuleChange{{At: period.From.Add(50 * time.Hour), Version: "v1.2", Added: []string{"gambling-lottery-betting"}, Changed: []string{"phishing-bank-login"}}, {At: period.From.Add(20 * time.Hour), Version: "v1.1"}},
	}
	for i, day := range period.Days() {
		n := []int{150, 212, 96, 301, 255, 120, 100}[i]
		r.Volume.Days = append(r.Volume.Days, report.Day{
			At: day, Found: n, Crime: n / 2, NotCrime: n / 12, Unsure: n / 100, ByLevel: map[string]int{"critical": n / 4, "high": n - n/4 - n/30, "medium": n / 30},
		})
	}
	return r
}

func documentOf(l locales.Lang, r *report.Report) *document.Document {
	return document.New(r, document.Options{Language: l, Version: "v0-test"})
}

// written returns the content of a report's file.
func written(t *testing.T, write func(io.Writer) error) string {
	t.Helper()
	var b bytes.Buffer
	if err := write(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestGolden compares the files of a small report with testdata, which -update rewrites.
func TestGolden(t *testing.T) {
	t.Parallel()
	chinese, english := documentOf(locales.Chinese, small()), documentOf(locales.English, small())
	for file, write := range map[string]func(io.Writer) error{
		"small.zh.html": chinese.HTML, "small.zh.csv": chinese.CSV, "small.en.html": english.HTML, "small.en.csv": english.CSV, "week.zh.html": documentOf(locales.Chinese, week()).HTML,
	} {
		got, name := written(t, write), filepath.Join("testdata", file)
		if *update {
			if err := os.WriteFile(name, []byte(got), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), got); diff != "" {
			t.Errorf("%s has changed; rewrite it with -update, and check it:\n%s", name, diff)
		}
		if missing := regexp.MustCompile(`figures\.[a-z]|%!`).FindString(strings.ReplaceAll(got, "figures.css", "")); missing != "" {
			t.Errorf("%s lacks texts: %q", name, missing)
		}
	}
}

// TestHTMLIsInert: the file runs nothing, loads nothing and has no links, and texts from pages are only
// text in it.
func TestHTMLIsInert(t *testing.T) {
	t.Parallel()
	page := written(t, documentOf(locales.English, small()).HTML)
	names := map[string]bool{} // of regions, by which a screen reader lists them
	for _, m := range regexp.MustCompile(`role="region" aria-label="([^"]*)"`).FindAllStringSubmatch(page, -1) {
		if names[m[1]] {
			t.Errorf("two regions are called %s", m[1])
		}
		names[m[1]] = true
	}
	root, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	styles := 0
	for n := range root.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		switch n.Data {
		case "script", "link", "img", "iframe", "a", "form", "b", "object", "base", "image", "use":
			t.Errorf("it has the element %s", n.Data)
		case "style":
			styles++
			if text := n.FirstChild.Data; strings.Contains(text, "@import") || strings.Contains(text, "url(") {
				t.Error("its style loads something")
			}
		}
		for _, a := range n.Attr {
			if a.Key == "style" || strings.HasPrefix(a.Key, "on") || a.Key == "href" || a.Key == "src" {
				t.Errorf("%s has %s", n.Data, a.Key)
			}
		}
	}
	if styles != 1 {
		t.Errorf("%d style elements: a text has closed one", styles)
	}
	harmless(t, "HTML", page)
	if !strings.Contains(page, "casino[.]example") || !strings.Contains(page, "clinic[.]example") {
		t.Error("hosts are not defanged")
	}
}

// harmless fails if a text contains something that nobody should follow or read.
func harmless(t *testing.T, what, text string) {
	t.Helper()
	for _, bad := range []string{"http://evil", "clinic.example", "casino.example", "silent.example", "11010519491231002X", "\u202e"} {
		if strings.Contains(text, bad) {
			t.Errorf("%s has %q", what, bad)
		}
	}
}

// TestCSVIsInert: no cell is a formula, and numbers are numbers.
func TestCSVIsInert(t *testing.T) {
	t.Parallel()
	text := written(t, documentOf(locales.Chinese, small()).CSV)
	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(text, "\uFEFF"))).ReadAll()
	if err != nil || !strings.HasPrefix(text, "\uFEFF") {
		t.Fatal(err, "or no byte order mark")
	}
	found := false
	for _, row := range rows {
		for _, cell := range row {
			if cell != "" && strings.ContainsRune("=+-@\t", []rune(cell)[0]) {
				t.Errorf("the cell %q is a formula", cell)
			}
		}
		found = found || row[4] == "新发现" && row[5] == "1234" || row[3] == "网络赌博" && row[5] == "1000"
	}
	if !found {
		t.Error("the figures are missing, or are not numbers")
	}
	harmless(t, "CSV", text)
}

// TestDOCX reads the file back: each part is well-formed, it has all the text of the HTML page, Chinese has
// a font of its own, and the same report gives the same bytes.
func TestDOCX(t *testing.T) {
	t.Parallel()
	d := documentOf(locales.Chinese, small())
	file := written(t, d.DOCX)
	if again := written(t, documentOf(locales.Chinese, small()).DOCX); again != file {
		t.Error("the same report gives different bytes")
	}
	archive, err := zip.NewReader(strings.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	parts := map[string]string{}
	for _, f := range archive.File {
		parts[f.Name] = readPart(t, f)
	}
	text := parts["word/document.xml"]
	for _, section := range d.Sections {
		for _, want := range append([]string{section.Title}, append(section.Text, section.List.Items...)...) {
			var b bytes.Buffer
			_ = xml.EscapeText(&b, []byte(want))
			if !strings.Contains(text, b.String()) {
				t.Errorf("it lacks %q", want)
			}
		}
		for _, table := range section.Tables {
			if !strings.Contains(text, table.Title) || !strings.Contains(text, table.Columns[len(table.Columns)-1].Name) {
				t.Errorf("it lacks the table %q", table.Title)
			}
		}
	}
	if styles := parts["word/styles.xml"]; !strings.Contains(styles, `w:eastAsia="宋体"`) || !strings.Contains(styles, `w:eastAsia="黑体"`) {
		t.Error("Chinese has no font")
	}
	if n := strings.Count(text, "<w:tr>"); n != strings.Count(text, "<w:cantSplit/>") {
		t.Errorf("some of %d rows may be split across pages", n)
	}
	if strings.Contains(text, "<script") || !strings.Contains(parts["word/footer1.xml"], " NUMPAGES ") || !strings.Contains(parts["word/header1.xml"], d.Period) {
		t.Error("markup, or no page numbers")
	}
	harmless(t, "docx", text)
}

// readPart reads a part, which must be XML.
func readPart(t *testing.T, f *zip.File) string {
	t.Helper()
	r, err := f.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	content, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	decoder := xml.NewDecoder(bytes.NewReader(content))
	for {
		_, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return string(content)
		}
		if err != nil {
			t.Fatalf("%s: %v", f.Name, err)
		}
	}
}

// TestEmpty: a report without findings says so, and has no empty table or chart.
func TestEmpty(t *testing.T) {
	t.Parallel()
	zone := qianshao.ChinaTime()
	r := &report.Report{Query: report.Query{Period: report.Quarter(time.Date(2026, 11, 1, 0, 0, 0, 0, zone), zone), Sight: qianshao.Sight{Authorisations: []string{"a"}}}, Made: time.Date(2026, 11, 1, 0, 0, 0, 0, zone), NoRuleHistory: true}
	d := documentOf(locales.English, r)
	for _, s := range d.Sections {
		for _, table := range s.Tables {
			if len(table.Rows) == 0 {
				t.Errorf("%s has an empty table", s.ID)
			}
		}
		if len(s.Charts) > 0 {
			t.Errorf("%s has an empty chart", s.ID)
		}
	}
	page := written(t, d.HTML)
	for _, want := range []string{"Nothing was found", "not over", "Authorisations that may be seen: 1", "There is nothing to list"} {
		if !strings.Contains(page, want) {
			t.Errorf("it lacks %q", want)
		}
	}
	written(t, d.CSV)
	written(t, d.DOCX)
}

// TestWeeks: a quarter is shown by week, and no day is lost.
func TestWeeks(t *testing.T) {
	t.Parallel()
	r := small()
	r.Query.Period = report.Quarter(r.Made, qianshao.ChinaTime())
	r.Volume.Days = nil
	sum := 0
	for i, day := range r.Query.Period.Days() {
		r.Volume.Days = append(r.Volume.Days, report.Day{At: day, Found: i, ByLevel: map[string]int{"high": i}})
		sum += i
	}
	for _, s := range documentOf(locales.Chinese, r).Sections {
		if s.ID != "volume" {
			continue
		}
		total := 0
		for _, row := range s.Tables[0].Rows {
			n, err := strconv.Atoi(row[1].Raw)
			if err != nil {
				t.Fatal(err)
			}
			total += n
		}
		if len(s.Charts[0].Groups) != 14 || len(s.Tables[0].Rows) != 14 || total != sum {
			t.Errorf("%d weeks with %d findings of %d", len(s.Tables[0].Rows), total, sum)
		}
	}
}

// BenchmarkHTML renders the largest possible report: the lists are bounded, so a report of a million
// findings has no more rows than this one.
func BenchmarkHTML(b *testing.B) {
	r := small()
	for range report.MaxRules {
		r.Rules = append(r.Rules, r.Rules[0])
	}
	for range report.MaxSites {
		r.Sites, r.Campaigns, r.Relapses.Sites = append(r.Sites, r.Sites[0]), append(r.Campaigns, r.Campaigns[0]), append(r.Relapses.Sites, r.Relapses.Sites[0])
	}
	for range report.MaxUnmonitored {
		r.Unmonitored = append(r.Unmonitored, r.Unmonitored[0])
	}
	for b.Loop() {
		d := documentOf(locales.Chinese, r)
		if err := errors.Join(d.HTML(io.Discard), d.DOCX(io.Discard), d.CSV(io.Discard)); err != nil {
			b.Fatal(err)
		}
	}
}
