package evidence_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/evidence"
	"github.com/qianshao/qianshao/evidence/bucket"
	"github.com/qianshao/qianshao/ingest/warc"
	"github.com/qianshao/qianshao/store/sqlite"
	"github.com/qianshao/qianshao/store/sqlite/sqlitetest"
	"github.com/qianshao/qianshao/store/sqlstore"
)

var day = time.Date(2026, 11, 25, 8, 0, 0, 0, time.UTC)

// archive is an archive with a real database, in a temporary folder by default.
type archive struct {
	*evidence.Archive
	folder string
	store  *sqlstore.Store
	db     string
}

func open(t testing.TB, folder string) archive {
	t.Helper()
	a, err := opened(folder, "writer", nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.store.Close() })
	return a
}

// opened opens an archive whose ledger is the database, wrapped by wrap unless that is nil.
func opened(folder, writer string, wrap func(evidence.Ledger) evidence.Ledger) (archive, error) {
	return openedIn(bucket.NewFolder(filepath.Join(folder, "evidence")), folder, writer, wrap)
}

func openedIn(b bucket.Bucket, folder, writer string, wrap func(evidence.Ledger) evidence.Ledger) (archive, error) {
	db := filepath.Join(folder, "qianshao.db")
	s, err := sqlstore.New(sqlite.Open(context.Background(), db))
	if err != nil {
		return archive{}, err
	}
	ledger := evidence.Ledger(s)
	if wrap != nil {
		ledger = wrap(s)
	}
	a, err := evidence.New(evidence.Options{
		Bucket: b, Ledger: ledger, Writer: writer, Software: "qianshao/test", Operator: "https://operator.example/",
		Now: func() time.Time { return day },
	})
	return archive{a, filepath.Join(folder, "evidence"), s, db}, err
}

func temp(t testing.TB) archive { return open(t, sqlitetest.Folder(t)) }

func (a archive) add(t testing.TB, item evidence.Item) evidence.Added {
	t.Helper()
	added, err := a.Add(context.Background(), item)
	if err != nil {
		t.Fatal(err)
	}
	return added
}

// problems returns what Verify reports.
func (a archive) problems(t testing.TB, want evidence.Head) (list []string, v evidence.Verified) {
	t.Helper()
	v, err := a.Verify(context.Background(), want, func(p evidence.Problem) { list = append(list, p.String()) })
	if err != nil {
		t.Fatal(err)
	}
	return list, v
}

func (a archive) sound(t testing.TB) evidence.Verified {
	t.Helper()
	list, v := a.problems(t, evidence.Head{})
	if len(list) > 0 {
		t.Fatalf("the archive does not verify:\n%s", strings.Join(list, "\n"))
	}
	return v
}

func (a archive) files(t testing.TB) []string {
	t.Helper()
	var names []string
	err := filepath.WalkDir(a.folder, func(name string, _ fs.DirEntry, err error) error {
		if strings.HasSuffix(name, ".warc.gz") {
			names = append(names, name)
		}
		return err
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return names
}

func exchange(url, body string) qianshao.Exchange {
	return qianshao.Exchange{
		URL: url, At: day, Address: "192.0.2.7", Protocol: "HTTP/2.0",
		Request:        []byte("GET / HTTP/1.1\r\nHost: a.example\r\n\r\n"),
		ResponseHeader: []byte("HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n"),
		Body:           []byte(body),
	}
}

// item is a flagged page as a crawl brings it.
func item(n int, body string) evidence.Item {
	url := fmt.Sprintf("http://a.example/%d", n)
	return evidence.Item{
		Page: qianshao.Page{URL: url, RequestedURL: url, Source: qianshao.SourceCrawl, Authorisation: "a-2026", FetchedAt: day,
			Status: 200, ContentType: "text/html", Body: []byte(body), Exchanges: []qianshao.Exchange{exchange(url, body)}},
		Assessment: qianshao.Assessment{Level: qianshao.LevelHigh, Score: 80, Category: qianshao.Gambling,
			Categories: []qianshao.Category{qianshao.Gambling},
			Findings:   []qianshao.Finding{{ID: qianshao.FindingID(url, "gambling-x"), URL: url, Rule: "gambling-x", Category: qianshao.Gambling, Level: qianshao.LevelHigh, Score: 80}}},
		Authorisation: &qianshao.Authorisation{ID: "a-2026", Owner: "某市第一中学", Basis: "服务合同\n2026-017", ValidFrom: day, ValidUntil: day.AddDate(1, 0, 0)},
		Rules:         "sha256:00",
	}
}

// content is a record as the tests compare it.
type content struct {
	Type, URI, Block string
	IP, Truncated    string
	About            string // the type of the record that WARC-Concurrent-To names
}

func read(t testing.TB, r io.Reader) (all []content) {
	t.Helper()
	records, ids := warc.NewReader(r), map[string]string{}
	for {
		rec, err := records.Next()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		block, err := io.ReadAll(rec.Block)
		if err != nil {
			t.Fatal(err)
		}
		if want := warc.Digest(block); rec.Type != warc.TypeInfo && rec.Fields.Get("WARC-Block-Digest") != want {
			t.Errorf("%s of %s has block digest %s, want %s", rec.Type, rec.TargetURI, rec.Fields.Get("WARC-Block-Digest"), want)
		}
		ids[rec.Fields.Get("WARC-Record-ID")] = rec.Type
		all = append(all, content{Type: rec.Type, URI: rec.TargetURI, Block: string(block), IP: rec.Fields.Get("WARC-IP-Address"),
			Truncated: rec.Fields.Get("WARC-Truncated"), About: ids[rec.Fields.Get("WARC-Concurrent-To")]})
	}
}

// TestScripts: a script with evidence is kept, and if it changes, there is a new capture. The
// metadata names the other scripts that the page was judged with.
func TestScripts(t *testing.T) {
	a := temp(t)
	it := item(1, `<script src="/a.js"></script>`)
	it.Page.Scripts = map[string][]byte{"http://a.example/a.js": []byte("write('百家乐')"), "http://a.example/b.js": []byte("alert('请登录')")}
	it.Assessment.Findings[0].Evidence = []qianshao.Evidence{{Text: "百家乐", Script: "http://a.example/a.js"}}
	if added := a.add(t, it); added.Records != 6 { // warcinfo, response, request, metadata, findings, script
		t.Errorf("added %+v", added)
	}
	if added := a.add(t, it); added.Records != 0 {
		t.Errorf("the same again: added %+v", added)
	}
	file, err := os.ReadFile(a.files(t)[0])
	if err != nil {
		t.Fatal(err)
	}
	got := read(t, bytes.NewReader(file))
	if last := got[len(got)-1]; last.Type != "resource" || last.URI != "http://a.example/a.js" || last.Block != "write('百家乐')" {
		t.Errorf("%+v", last)
	}
	metadata := got[slices.IndexFunc(got, func(c content) bool { return c.Type == "metadata" })].Block
	if strings.Count(metadata, "script: sha256:") != 2 || !strings.Contains(metadata, " http://a.example/b.js") {
		t.Errorf("%s", metadata)
	}
	it.Page.Scripts["http://a.example/a.js"] = []byte("write('百家乐开户')")
	if added := a.add(t, it); added.Records == 0 {
		t.Error("another script gave no new capture")
	}
}

// TestRecords: a capture contains the redirects and the page in every view, the
// permission for it, the findings, the screenshot and the style sheets.
func TestRecords(t *testing.T) {
	a := temp(t)
	it := item(1, "<p>百家乐")
	redirect := exchange("http://a.example/old", "")
	redirect.ResponseHeader = []byte("HTTP/1.1 302 Found\r\nLocation: /1\r\n\r\n")
	it.Page.Exchanges = append([]qianshao.Exchange{redirect}, it.Page.Exchanges...)
	it.Page.RobotsWaiver, it.Page.RobotsTags = "附件 3", []string{"noindex"}
	it.Page.Screenshot = []byte("\x89PNG")
	it.Assessment.Findings[0].Hidden = true
	it.Page.Stylesheets = map[string][]byte{"http://a.example/x.css": []byte("p{display:none}")}
	other := item(1, "<p>时时彩").Page
	other.View = qianshao.ViewSearchCrawler
	other.Exchanges[0].Truncated = true
	it.Page.Others = []qianshao.Page{other}
	it.Authorisation.CrawlerBasis = "附件 4"
	if added := a.add(t, it); added.Records != 12 || added.Bytes == 0 {
		t.Errorf("added %+v, want 12 records", added)
	}
	file, err := os.ReadFile(a.files(t)[0])
	if err != nil {
		t.Fatal(err)
	}
	got := read(t, bytes.NewReader(file))
	info, findings := got[0].Block, got[10].Block
	got[0].Block, got[10].Block = "", ""
	const about = "authorisation: a-2026\r\nauthorisationOwner: 某市第一中学\r\nauthorisationBasis: 服务合同 2026-017\r\nauthorisationDays: 2026-11-25/2027-11-25\r\n"
	finding := "finding: " + it.Assessment.Findings[0].ID + " gambling-x gambling high 80\r\n"
	request, page := string(redirect.Request), "http://a.example/1"
	want := []content{
		{Type: "warcinfo"},
		{Type: "response", URI: "http://a.example/old", Block: string(redirect.ResponseHeader), IP: "192.0.2.7"},
		{Type: "request", URI: "http://a.example/old", Block: request, IP: "192.0.2.7", About: "response"},
		{Type: "response", URI: page, Block: string(it.Page.Exchanges[1].ResponseHeader) + "<p>百家乐", IP: "192.0.2.7"},
		{Type: "request", URI: page, Block: request, IP: "192.0.2.7", About: "response"},
		{Type: "metadata", URI: page, About: "response", Block: "view: visitor\r\nsource: crawl\r\nrequestedUrl: " + page + "\r\n" + about +
			"robotsWaiver: 附件 3\r\nruleSet: sha256:00\r\nxRobotsTag: noindex\r\n" + finding},
		{Type: "resource", URI: "urn:view:" + page, Block: "\x89PNG", About: "response"},
		{Type: "response", URI: page, Block: string(other.Exchanges[0].ResponseHeader) + "<p>时时彩", IP: "192.0.2.7", Truncated: "length"},
		{Type: "request", URI: page, Block: request, IP: "192.0.2.7", About: "response"},
		{Type: "metadata", URI: page, About: "response", Block: "view: search_crawler\r\nsource: crawl\r\nrequestedUrl: " + page + "\r\n" + about +
			"crawlerBasis: 附件 4\r\nruleSet: sha256:00\r\n" + finding},
		{Type: "metadata", URI: "urn:findings:" + page},
		{Type: "resource", URI: "http://a.example/x.css", Block: "p{display:none}"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, part := range []string{"software: qianshao/test\r\n", "operator: https://operator.example/\r\n", "conformsTo: " + warc.ConformsTo + "\r\n"} {
		if !strings.Contains(info, part) {
			t.Errorf("warcinfo has no %q:\n%s", part, info)
		}
	}
	if !strings.Contains(findings, it.Assessment.Findings[0].ID) {
		t.Errorf("the findings' record is %s", findings)
	}
	a.sound(t)
}

// TestFile: a page whose wire form is not known is archived as a resource.
func TestFile(t *testing.T) {
	a := temp(t)
	it := item(1, "<p>百家乐")
	it.Page.Exchanges, it.Page.URL, it.Page.Truncated, it.Page.ContentType = nil, "/srv/页 1.html", true, ""
	it.Authorisation = nil
	a.add(t, it)
	file, err := os.ReadFile(a.files(t)[0])
	if err != nil {
		t.Fatal(err)
	}
	got := read(t, bytes.NewReader(file))[1]
	want := content{Type: "resource", URI: "file:///srv/%E9%A1%B5%201.html", Block: "<p>百家乐", Truncated: "length"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	a.sound(t)
}

// TestOnlyFlagged: for any other page nothing is written, not even a folder.
func TestOnlyFlagged(t *testing.T) {
	a := temp(t)
	it := item(1, "x")
	it.Assessment.Level = qianshao.LevelLow
	if added := a.add(t, it); added != (evidence.Added{}) {
		t.Errorf("added %+v", added)
	}
	if _, err := os.Stat(a.folder); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the folder is there: %v", err)
	}
	a.sound(t)
}

// TestUnchanged: the same bodies with the same findings are archived once;
// each difference makes a capture of its own.
func TestUnchanged(t *testing.T) {
	a := temp(t)
	it := item(1, "x")
	if first, again := a.add(t, it), a.add(t, it); first.Records != 5 || again.Records != 0 {
		t.Fatalf("%+v, then %+v", first, again)
	}
	it.Page.FetchedAt = day.Add(time.Hour)
	a.add(t, it)
	c, ok, err := a.store.EvidenceCapture(t.Context(), it.Page.URL)
	if err != nil || !ok || !c.Seen.Equal(day.Add(time.Hour)) || !c.Captured.Equal(day) {
		t.Errorf("capture %+v, %v, %v", c, ok, err)
	}
	it.Page.Body = []byte("y")
	if added := a.add(t, it); added.Records != 5 {
		t.Errorf("another body: %+v", added)
	}
	it.Assessment.Findings[0].ID = "other"
	if added := a.add(t, it); added.Records != 5 {
		t.Errorf("another finding: %+v", added)
	}
	it.Page.Others = []qianshao.Page{it.Page}
	if added := a.add(t, it); added.Records != 8 {
		t.Errorf("another view: %+v", added)
	}
	a.sound(t)
}

// TestObjects: each capture is an object, which nobody but the owner may read, and begins
// with a warcinfo.
func TestObjects(t *testing.T) {
	a := temp(t)
	for i := range 10 {
		a.add(t, item(i, strings.Repeat(fmt.Sprint(i), 100)))
	}
	if v := a.sound(t); v.Files != 10 || v.Records != 50 || v.Chains != 1 || len(a.files(t)) != 10 {
		t.Errorf("verified %+v, %d files", v, len(a.files(t)))
	}
	for _, name := range a.files(t) {
		if info, err := os.Stat(name); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", name, info.Mode(), err)
		}
		file, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if got := read(t, bytes.NewReader(file)); len(got) != 5 || got[0].Type != warc.TypeInfo || got[1].Type != warc.TypeResponse {
			t.Errorf("%s has %+v", name, got)
		}
	}
}

// TestIndexPlaces: each line of the index gives the place of a record with its URI.
func TestIndexPlaces(t *testing.T) {
	a := temp(t)
	for i := range 5 {
		a.add(t, item(i, strings.Repeat(fmt.Sprint(i), 100)))
	}
	checkIndex(t, a, 5)
}

// swapped is a ledger that links every two objects in reverse order.
type swapped struct {
	evidence.Ledger
	objects int64
}

func (s swapped) EvidenceLinks(_ context.Context, after int64, limit int) (links []evidence.Link, err error) {
	for seq := max(after, evidence.Before(1)) + 1; seq <= evidence.Before(1)+s.objects && len(links) < limit; seq++ {
		n := seq - evidence.Before(1)
		n += n%2*2 - 1
		links = append(links, evidence.Link{Seq: seq, Kind: warc.TypeResponse, URI: fmt.Sprintf("http://a.example/%d", n), File: fmt.Sprintf("w-000001/%06d/%09d.warc.gz", n/1000, n)})
	}
	return links, nil
}

// TestIndexOfSwapped: if objects are not linked in the order of their numbers, no index overwrites
// another.
func TestIndexOfSwapped(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	a, err := evidence.New(evidence.Options{Bucket: bucket.NewFolder(t.TempDir()), Ledger: swapped{objects: 2500}})
	if err != nil {
		t.Fatal(err)
	}
	if n, err := a.WriteIndexes(t.Context(), folder); n != 3 || err != nil {
		t.Errorf("%d indexes, %v", n, err)
	}
	lines := 0
	for _, name := range []string{"w-000001-000000.cdxj", "w-000001-000001.cdxj", "w-000001-000002.cdxj"} {
		index, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			t.Fatal(err)
		}
		lines += bytes.Count(index, []byte("\n"))
	}
	if lines != 2500 {
		t.Errorf("%d lines in the indexes, want 2500", lines)
	}
}

func checkIndex(t *testing.T, a archive, want int) {
	t.Helper()
	folder := filepath.Join(t.TempDir(), "indexes")
	n, err := a.WriteIndexes(t.Context(), folder)
	if err != nil {
		t.Fatal(err)
	}
	indexes, err := os.ReadDir(folder)
	if err != nil || n != len(indexes) {
		t.Fatalf("%d indexes are written, %d are there, %v", n, len(indexes), err)
	}
	found := 0
	for _, entry := range indexes {
		index, err := os.ReadFile(filepath.Join(folder, entry.Name()))
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(index)) {
			found++
			key, values, _ := strings.Cut(line, " 20261125080000 ")
			if values == "" { // of an older page
				key, values, _ = strings.Cut(line, " 20260817080000 ")
			}
			var v struct {
				URL, Filename          string
				Offset, Length, Status int `json:",string"`
			}
			if err := json.Unmarshal([]byte(values), &v); err != nil || v.Status != 200 {
				t.Fatalf("%v in %s", err, line)
			}
			file, err := os.ReadFile(filepath.Join(a.folder, v.Filename))
			if err != nil {
				t.Fatal(err)
			}
			got := read(t, bytes.NewReader(file[v.Offset:v.Offset+v.Length]))
			if len(got) != 1 || got[0].URI != v.URL || warc.SURT(v.URL) != key || got[0].Type != "response" {
				t.Errorf("%s leads to %+v", line, got)
			}
		}
	}
	if found != want {
		t.Errorf("%d lines in the indexes, want %d", found, want)
	}
	a.sound(t)
}
