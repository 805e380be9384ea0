package sqlstore

import (
	"bytes"
	"context"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/ingest"
	"github.com/qianshao/qianshao/store"
	"github.com/qianshao/qianshao/store/postgres/postgrestest"
	"github.com/qianshao/qianshao/store/sqlstore/database"
	"github.com/qianshao/qianshao/store/storetest"
)

// secret returns an incompressible text.
func secret(seed uint64) string {
	random := rand.New(rand.NewPCG(seed, seed))
	text := make([]byte, 300)
	for i := range text {
		text[i] = byte('0' + random.IntN(75))
	}
	return strings.ToValidUTF8(strings.Map(func(r rune) rune {
		if strings.ContainsRune("\\<>?;:=@^`[]", r) { // characters that JSON or URLs would escape
			return '_'
		}
		return r
	}, string(text)), "")
}

// TestRewritePostgres: the server's files, with its statistics, contain no byte of deleted data, and all of
// the other data.
func TestRewritePostgres(t *testing.T) {
	s, ctx := in(t, postgrestest.Open), t.Context()
	files := databaseFiles(t, s)
	if done, err := s.Rewrite(ctx); done || err != nil {
		t.Errorf("nothing was marked, but it was rewritten: %v, %v", done, err)
	}
	words := map[string]string{}
	for i, name := range []string{"kept", "finding", "clean", "url", "report", "picture"} {
		words[name] = secret(uint64(i + 1))
	}
	found := func(url, word, picture string) store.Save {
		p := storetest.Page(url, word, 0, "casino")
		p.Assessment.Findings[0].Evidence[0].Text = word
		p.Page.Others = []qianshao.Page{{View: qianshao.ViewBrowser, URL: url, FetchedAt: p.Page.FetchedAt, Screenshot: []byte(picture)}}
		return p
	}
	save(t, s, found("http://a/kept", words["kept"], "png"))
	save(t, s, found("http://a/finding", words["finding"], words["picture"]))
	clean := found("http://a/clean", "注册送", "png")
	clean.Document.Title, clean.Document.Source = words["clean"], "x"
	clean.Assessment.Findings[0].Evidence[0].Text = "注册送"
	save(t, s, clean)
	dropped := ingest.Item{URL: "http://a/?sid=" + words["url"], Host: "a", Authorisation: "x"}
	check(t, s.Add(ctx, []ingest.Item{dropped}))
	report, err := s.Submit(ctx, store.Report{URL: "http://b/?sid=" + words["report"], Origin: "api", By: "test", At: base}, nil, qianshao.SkipNotAuthorised)
	check(t, err)
	files.sync(t)
	for name, word := range words {
		if !files.have(t, word) {
			t.Errorf("%s is not found before it is deleted either", name)
		}
	}

	_, err = s.DeleteFindings(ctx, []store.Deletion{{Finding: qianshao.FindingID("http://a/finding", "casino"), At: base}})
	check(t, err)
	if _, err := s.PageGone(ctx, "http://a/clean", 404, qianshao.CausePage, base.Add(time.Hour)); err != nil {
		t.Error(err)
	}
	if _, err := s.DeleteFindings(ctx, []store.Deletion{{Finding: qianshao.FindingID("http://a/clean", "casino"), At: base}}); err != nil { // the finding has the title
		t.Error(err)
	}
	check(t, s.Done(ctx, dropped, ingest.Outcome{Drop: true}))
	check(t, s.WithdrawSubmission(ctx, store.Signed{By: "test", At: base}, report.ID))
	if done, err := s.Rewrite(ctx); !done || err != nil {
		t.Fatalf("it was not rewritten: %v, %v", done, err)
	}
	files.sync(t)
	for name, word := range words {
		if got := files.have(t, word); got != (name == "kept") {
			t.Errorf("%s is in the files: %v", name, got)
		}
	}
	if done, err := s.Rewrite(ctx); done || err != nil {
		t.Errorf("it was rewritten twice: %v, %v", done, err)
	}
}

// TestRewriteWaits: while a transaction can still see deleted data, Rewrite says that it is not gone.
func TestRewriteWaits(t *testing.T) {
	s, ctx := in(t, postgrestest.Open), t.Context()
	save(t, s, storetest.Page("http://a/", "x", 0, "casino"))
	reader, err := s.db.Read.BeginTx(ctx, nil)
	check(t, err)
	if _, err := reader.Exec(`SET TRANSACTION ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM campaigns`); err != nil {
		t.Fatal(err)
	}
	_, err = s.DeleteFindings(ctx, []store.Deletion{{Finding: qianshao.FindingID("http://a/", "casino"), At: base}})
	check(t, err)
	short, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	if done, err := s.Rewrite(short); done || err == nil {
		t.Errorf("it was rewritten while a transaction saw the deleted data: %v, %v", done, err)
	}
	check(t, reader.Rollback())
	if done, err := s.Rewrite(ctx); !done || err != nil {
		t.Errorf("it was not rewritten the next time: %v, %v", done, err)
	}
}

// TestDeletionMarksItsTables: DeleteFindings changes no table that is not rewritten, except those without
// data of findings.
func TestDeletionMarksItsTables(t *testing.T) {
	s, ctx := in(t, postgrestest.Open), t.Context()
	save(t, s, storetest.Page("http://a/", "x", 0, "casino"))
	err := s.db.Update(ctx, database.Durable, "try", func(tx *database.Tx) error {
		if _, err := deleteFinding(ctx, tx, &store.Deletion{Finding: qianshao.FindingID("http://a/", "casino"), At: base}); err != nil {
			return err
		}
		tables, err := database.Collect(ctx, tx, database.ScanValue[string], `SELECT CAST(relname AS TEXT) FROM pg_stat_xact_user_tables WHERE n_tup_del + n_tup_upd > 0`)
		for _, table := range tables {
			if !slices.Contains(slices.Concat(ofFindings, ofPages, []string{"pages", "frontier", "campaign_state"}), table) {
				t.Errorf("%s is changed but not rewritten", table)
			}
		}
		if len(tables) < 4 {
			t.Errorf("only %q are changed", tables)
		}
		return err
	})
	check(t, err)
}

// serverFiles are the files of a database on its server.
type serverFiles struct {
	store  *Store
	folder string
}

// databaseFiles returns the folder of the store's database on the server, if the test may read it and may
// request a checkpoint.
func databaseFiles(t *testing.T, s *Store) serverFiles {
	t.Helper()
	var data, oid string
	if err := s.db.Read.QueryRow(`SELECT current_setting('data_directory'), CAST(oid AS TEXT) FROM pg_database WHERE datname = current_database()`).Scan(&data, &oid); err != nil {
		t.Skip("the server does not say where its files are: ", err)
	}
	f := serverFiles{s, filepath.Join(data, "base", oid)}
	if _, err := os.ReadDir(f.folder); err != nil {
		t.Skip("the server's files cannot be read: ", err)
	}
	return f
}

// sync makes the server sample its tables and write its memory to the files.
func (f serverFiles) sync(t *testing.T) {
	t.Helper()
	for _, statement := range []string{`ANALYZE`, `CHECKPOINT`} {
		check(t, f.store.db.Update(t.Context(), database.Durable, statement, func(tx *database.Tx) error {
			_, err := tx.ExecContext(t.Context(), statement)
			return err
		}))
	}
}

// have says whether a file contains the beginning or the end of a text.
func (f serverFiles) have(t *testing.T, text string) (found bool) {
	t.Helper()
	err := filepath.WalkDir(f.folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		if os.IsNotExist(err) {
			return nil
		}
		found = found || bytes.Contains(data, []byte(text[:40])) || bytes.Contains(data, []byte(text[len(text)-40:]))
		return err
	})
	check(t, err)
	return found
}
