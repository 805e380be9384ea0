package sqlstore

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/internal/writeprotect"
	"github.com/qianshao/qianshao/store"
	"github.com/qianshao/qianshao/store/sqlite"
	"github.com/qianshao/qianshao/store/sqlstore/database"
)

// protectedCopy copies a database, with those of its files that the suffixes name, into a write-protected
// folder.
func protectedCopy(t *testing.T, path string, suffixes ...string) string {
	t.Helper()
	folder := t.TempDir()
	for _, suffix := range suffixes {
		content, err := os.ReadFile(path + suffix)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, "copy.db"+suffix), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	writeprotect.Folder(t, folder)
	return filepath.Join(folder, "copy.db")
}

func readCopy(t *testing.T, path, authorisation string) {
	t.Helper()
	before, _ := filepath.Glob(path + "*")
	s, err := New(sqlite.OpenToRead(t.Context(), path))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Authorisation(t.Context(), authorisation); err != nil {
		t.Error(err)
	}
	if _, err := s.EvidenceState(t.Context()); err != nil {
		t.Error(err)
	}
	err = s.PutAuthorisations(t.Context(), store.Signed{By: "test"}, []qianshao.Authorisation{{ID: "more"}})
	if err == nil || !strings.Contains(err.Error(), "must be writable") {
		t.Errorf("a change of a write-protected copy: %v, want an error with the remedy", err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if after, _ := filepath.Glob(path + "*"); len(after) != len(before) {
		t.Errorf("the copy was %v and is %v", before, after)
	}
}

// TestOpenToRead: a write-protected copy is read as it is, including its log; if the log cannot be read,
// that is an error, rather than an answer from part of the data.
func TestOpenToRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "q.db")
	put := func(s *Store, id string) {
		t.Helper()
		if err := s.PutAuthorisations(t.Context(), store.Signed{By: "test"}, []qianshao.Authorisation{{ID: id}}); err != nil {
			t.Fatal(err)
		}
	}
	s, err := New(sqlite.OpenToRead(t.Context(), path)) // as Open does, if it is writable
	if err != nil {
		t.Fatal(err)
	}
	put(s, "closed")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	plain := protectedCopy(t, path, "")
	if s, err := New(sqlite.Open(t.Context(), plain)); err == nil {
		t.Fatal("Open of a write-protected copy succeeds", s.Close())
	}
	readCopy(t, plain, "closed")

	put(open(t, path), "logged")
	readCopy(t, protectedCopy(t, path, "", "-wal", "-shm"), "logged")
	refused(t, protectedCopy(t, path, "", "-wal"), "copy.db-wal, since it was copied while a program had it open")
}

func TestOpenToReadSchema(t *testing.T) {
	for statement, remedy := range map[string]string{
		`DELETE FROM goose_db_version WHERE version_id = (SELECT max(version_id) FROM goose_db_version)`: "copy the folder to where it can be written, or use the older program",
		`INSERT INTO goose_db_version (version_id, is_applied) VALUES (999, 1)`:                          "use the newer program",
	} {
		path := filepath.Join(t.TempDir(), "q.db")
		s := open(t, path)
		err := s.db.Update(t.Context(), database.Durable, "try", func(tx *database.Tx) error {
			_, err := tx.ExecContext(t.Context(), statement)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		refused(t, protectedCopy(t, path, ""), remedy)
	}
}

func refused(t *testing.T, path, remedy string) {
	t.Helper()
	s, err := New(sqlite.OpenToRead(context.Background(), path))
	if err == nil {
		t.Fatal("it was opened", s.Close())
	}
	if !strings.Contains(err.Error(), remedy) {
		t.Errorf("%v, want the remedy %q", err, remedy)
	}
}
