// Package apptest gives tests an app, a site of one page for it to crawl, and backups of
// its data folder.
package apptest

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/evidence"
	"github.com/qianshao/qianshao/internal/app"
	"github.com/qianshao/qianshao/internal/datafolder"
	"github.com/qianshao/qianshao/store"
	"github.com/qianshao/qianshao/store/sqlite/sqlitetest"
)

// New returns an App that is stopped when the test ends.
func New(t testing.TB, opts app.Options) *app.App {
	t.Helper()
	a, err := app.New(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Stop(); err != nil {
			t.Error(err)
		}
	})
	return a
}

// Authorise puts authorisations into the register of a data folder.
func Authorise(t *testing.T, data string, list ...qianshao.Authorisation) {
	t.Helper()
	f, err := datafolder.Open(t.Context(), datafolder.Options{Data: data})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(f.Store.PutAuthorisations(t.Context(), store.Signed{By: "test"}, list), f.Close()); err != nil {
		t.Fatal(err)
	}
}

// Crawl starts a site of one page and crawls it once, into the data folder that
// it returns.
func Crawl(t *testing.T, html string, change ...func(*app.Options)) (a *app.App, data string) {
	t.Helper()
	a, data = Site(t, html, true, change...)
	a.Start(t.Context())
	if err := a.WaitCrawl(); err != nil {
		t.Fatal(err)
	}
	return a, data
}

// Site returns an App, not yet started, that will crawl a site of one page. Its options can be changed.
func Site(t *testing.T, html string, once bool, change ...func(*app.Options)) (a *app.App, data string) {
	t.Helper()
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/" {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = io.WriteString(w, html)
	}))
	t.Cleanup(site.Close)
	u, err := url.Parse(site.URL)
	if err != nil {
		t.Fatal(err)
	}
	data = sqlitetest.Folder(t)
	now := time.Now()
	Authorise(t, data, qianshao.Authorisation{
		ID: "test", Owner: "o", Basis: "b", Contact: "c", ValidFrom: now.Add(-time.Hour), ValidUntil: now.Add(time.Hour),
		Hosts: []string{u.Host}, Rate: 1000, AllowPrivate: true, Seeds: []string{site.URL + "/"},
	})
	opts := app.Options{Data: data, Version: "test", Crawl: &app.CrawlOptions{
		FetchOptions: app.FetchOptions{Contact: "https://test.example/"}, Once: once,
	}, Console: &app.ConsoleOptions{Listen: "127.0.0.1:0"}}
	for _, f := range change {
		f(&opts)
	}
	return New(t, opts), data
}

// Write writes a file, for its owner only, and makes the folders above it.
func Write(t *testing.T, name, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// WriteRule writes a rule own-NAME that fires on a term.
func WriteRule(t *testing.T, rules, name, term string) {
	t.Helper()
	Write(t, filepath.Join(rules, "rules", "own-"+name+".yaml"), fmt.Sprintf(strings.TrimLeft(`
title: 自有招牌
id: own-%s
status: test
description: 本地一家赌场的招牌。
date: 2026-11-23
category: gambling
level: high
legal_basis: [刑法第三百零三条（开设赌场罪）]
falsepositives: [警方通报]
detection:
  brand: {terms: [%s]}
  condition: brand
tests:
  - {text: %[2]s, expect: fires}
  - {text: 社区图书馆开放, expect: quiet}
`, "\n"), name, term))
}

// BackUp backs up a data folder as a command does beside a running server.
func BackUp(t *testing.T, data string, rules datafolder.RuleFolders) (folder string, m *datafolder.Manifest) {
	t.Helper()
	f, err := datafolder.Open(t.Context(), datafolder.Options{Data: data})
	if err != nil {
		t.Fatal(err)
	}
	folder = filepath.Join(t.TempDir(), "backups", "monday")
	m, err = f.Backup(t.Context(), rules, folder, time.Now(), func(p evidence.Problem) { t.Error(p) })
	if err = errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
	return folder, m
}

// Restored restores a backup, and returns the data folder.
func Restored(t *testing.T, backup string) string {
	t.Helper()
	data := filepath.Join(t.TempDir(), "data")
	_, err := datafolder.Restore(t.Context(), datafolder.RestoreOptions{
		From: backup, Data: data, Problem: func(p evidence.Problem) { t.Error(p) }, Warn: func(w fmt.Stringer) { t.Error(w) },
	})
	if err != nil {
		t.Fatal(err)
	}
	return data
}
