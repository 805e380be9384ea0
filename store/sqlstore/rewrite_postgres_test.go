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

// secret returns a text that no compression makes shorter.
func secret(seed uint64) string {
	random := rand.New(rand.NewPCG(seed, seed))
	text := make([]byte, 300)
	for i := range text {
		text[i] = byte('0' + random.IntN(75))
	}
	return strings.ToValidUTF8(strings.Map(func(r rune) rune {
		if strings.ContainsRune("\\<>?;:=@^`[]", r) { // as it is in JSON and in URLs
			return '_'
		}
		return r
	}, string(text)), "")
}

// TestRewritePostgres: of what was deleted no byte is left in the server's files, its statistics included; of what
// was not, all is.
func TestRewritePostgres(t *testing.T) {
	s, ctx := in(t, postgrestest.Open), t.Context()
	files := databaseFiles(t, s)
	if done, err := s.Rewrite(ctx); done || err != nil {
		t.Errorf("nothing was forgotten, and it is written anew: %v, %v", done, err)
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
			t.Errorf("%s is not in the files before it is deleted either", name)
		}
	}

	_, err = s.DeleteFindings(ctx, []store.Deletion{{Finding: qianshao.FindingID("http://a/finding", "casino"), At: base}})
	check(t, err)
	if _, err := s.PageGone(ctx, "http://a/clean", 404, qianshao.CausePage, base.Add(time.Hour)); err != nil {
		t.Error(err)
	}
	if _, err := s.DeleteFindings(ctx, []store.Deletion{{Finding: qianshao.FindingID("http://a/clean", "casino"), At: base}}); err != nil { // which has the title
		t.Error(err)
	}
	check(t, s.Done(ctx, dropped, ingest.Outcome{Drop: true}))
	check(t, s.WithdrawSubmission(ctx, store.Signed{By: "test", At: base}, report.ID))
	if done, err := s.Rewrite(ctx); !done || err != nil {
		t.Fatalf("it is not written anew: %v, %v", done, err)
	}
	files.sync(t)
	for name, word := range words {
		if got := files.have(t, word); got != (name == "kept") {
			t.Errorf("%s is in the files: %v", name, got)
		}
	}
	if done, err := s.Rewrite(ctx); done || err != nil {
		t.Errorf("it is written anew twice: %v, %v", done, err)
	}
}

// TestRewriteWaits: what a transaction still sees stays, and is told of, rather than called gone.
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
		t.Errorf("it was written anew while somebody saw what was deleted: %v, %v", done, err)
	}
	check(t, reader.Rollback())
	if done, err := s.Rewrite(ctx); !done || err != nil {
		t.Errorf("it is not written anew the next time: %v, %v", done, err)
	}
}

// TestDeletionMarksItsTables: DeleteFindings changes no table that is not written anew, but for those that have
// nothing of a finding.
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
				t.Errorf("%s is changed and not written anew", table)
			}
		}
		if len(tables) < 4 {
			t.Errorf("only %q are changed", tables)
		}
		return err
	})
	check(t, err)
}

// serverFiles are the files of a database.
type serverFiles struct {
	store  *Store
	folder string
}

// databaseFiles returns where the server keeps the store's database, if the test may read it and may have it written out.
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

// sync makes the server sample its tables and write all that is in its memory.
func (f serverFiles) sync(t *testing.T) {
	t.Helper()
	for _, statement := range []string{`ANALYZE`, `CHECKPOINT`} {
		check(t, f.store.db.Update(t.Context(), database.Durable, statement, func(tx *database.Tx) error {
			_, err := tx.ExecContext(t.Context(), statement)
			return err
		}))
	}
}

// have says whether the beginning or the end of a text is in a file.
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
