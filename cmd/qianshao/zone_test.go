package main

import (
	"archive/zip"
	"errors"
	"html"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/cmd/qianshao/terminal"
	"github.com/qianshao/qianshao/evidence"
	"github.com/qianshao/qianshao/internal/datafolder"
	"github.com/qianshao/qianshao/store"
)

// otherZone is fourteen hours ahead of UTC and six hours ahead of China.
const otherZone = "Pacific/Kiritimati"

// seenOn saves and archives a flagged page that was fetched at a moment.
func seenOn(t *testing.T, data string, at time.Time) (id string) {
	t.Helper()
	analyzer, err := datafolder.RuleFolders{}.Compile(nil)
	if err != nil {
		t.Fatal(err)
	}
	f := openFolder(t, data)
	defer f.Close()
	page := qianshao.Page{
		URL: "https://a.example/1", RequestedURL: "https://a.example/1", Source: qianshao.SourceCrawl, Status: 200, ContentType: "text/html", FetchedAt: at,
		Body: []byte("<p>新用户注册送彩金，百家乐、老虎机任您玩，首存送一百，返水无上限</p>"),
	}
	doc, assessment := analyzer.Assess(page)
	_, err = f.Store.SavePage(t.Context(), store.Save{Page: page, Document: doc, Assessment: assessment})
	_, archived := f.Evidence.Add(t.Context(), evidence.Item{Page: page, Assessment: assessment})
	if err := errors.Join(err, archived); err != nil {
		t.Fatal(err)
	}
	return assessment.Findings[0].ID
}

// anyTime is a time of any form that commands print, with the offset if it has one.
var anyTime = regexp.MustCompile(`(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.\d+)?(Z|[+-]\d\d:\d\d)?`)

// TestOneZone runs every command that prints times, in a zone in which the page was
// fetched on another day than in China or UTC. Each printed time, read in that zone, must be that
// of the page or of the test.
func TestOneZone(t *testing.T) {
	t.Parallel()
	zone, err := qianshao.ParseZone(otherZone)
	if err != nil {
		t.Fatal(err)
	}
	begun := time.Now().Truncate(time.Second)
	fetched := begun.UTC().Truncate(24 * time.Hour).Add(-40*24*time.Hour + 11*time.Hour + 30*time.Minute) // 19:30 in China, 01:30 of the next day in otherZone
	data := filepath.Join(t.TempDir(), "data")
	id := seenOn(t, data, fetched)
	if err := os.WriteFile(datafolder.RetentionPath(data), []byte("default: 1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	check := func(what, text string, times int) {
		t.Helper()
		found := anyTime.FindAllStringSubmatch(text, -1)
		for _, m := range found {
			at, err := time.ParseInLocation(time.DateTime, m[1]+" "+m[2], zone)
			if m[3] != "" && m[3] != "+14:00" || err != nil || !at.Equal(fetched) && (at.Before(begun) || at.After(time.Now())) {
				t.Errorf("%s: %s is not in %s: %v", what, m[0], otherZone, err)
			}
		}
		if day := fetched.Format(time.DateOnly); strings.Contains(text, day) {
			t.Errorf("%s: %s is a day in another zone:\n%s", what, day, text)
		}
		named := strings.Contains(text, "UTC+14") || strings.Contains(text, "+14:00")
		if len(found) < times || !named {
			t.Errorf("%s: %d times, want %d; the zone is named: %v\n%s", what, len(found), times, named, text)
		}
	}
	said := func(times int, args ...string) {
		t.Helper()
		var out strings.Builder
		if code := run(append([]string{"--data", data, "--zone", otherZone}, args...), strings.NewReader(""), &out, &out); code != exitOK {
			t.Errorf("%v: exit code %d\n%s", args, code, out.String())
		}
		check(strings.Join(args, " "), out.String(), times)
	}
	folder := t.TempDir()
	said(1, "search")
	said(1, "evidence", "head")
	said(1, "evidence", "verify")
	someActs(t, data, id)
	said(2, "acts", "list")
	said(1, "acts", "head")
	said(1, "acts", "verify")
	run([]string{"--data", data, "submit", "https://b.example/"}, strings.NewReader(""), io.Discard, io.Discard)
	said(1, "submit")
	if code := run([]string{"--data", data, "--zone", otherZone, "evidence", "export", id, "-o", filepath.Join(folder, "export.zip")}, strings.NewReader(""), io.Discard, io.Discard); code != exitOK {
		t.Fatalf("export: %d", code)
	}
	check("report", reportIn(t, filepath.Join(folder, "export.zip")), 5)
	if code := run([]string{"--data", data, "--zone", otherZone, "backup", filepath.Join(folder, "backup")}, strings.NewReader(""), io.Discard, io.Discard); code != exitOK {
		t.Fatalf("backup: %d", code)
	}
	said(0, "evidence", "prune")
	said(0, "evidence", "prune", "--apply")
	said(1, "evidence", "deletions")
	for _, format := range []string{"text", "json"} {
		var log strings.Builder
		terminal.NewLogger(&log, false, format, func() *time.Location { return zone }).Warn("x", "since", fetched)
		check("log as "+format, log.String(), 2)
	}
	data = filepath.Join(folder, "data")
	said(1, "restore", filepath.Join(folder, "backup"))
}

// reportIn returns the report in an exported zip.
func reportIn(t *testing.T, name string) string {
	t.Helper()
	z, err := zip.OpenReader(name)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	f, err := z.Open("report.html")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	text, err := io.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	return html.UnescapeString(string(text))
}
