package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/qianshao/qianshao/locales"
	"github.com/qianshao/qianshao/store"
	"github.com/qianshao/qianshao/store/sqlstore/database"
)

func open(t testing.TB, path string) *database.DB {
	t.Helper()
	db, err := Open(context.Background(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

func temp(t testing.TB) *database.DB { return open(t, filepath.Join(t.TempDir(), "qianshao.db")) }

func TestOpen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "odd %41 name?#&.db")
	db := open(t, path)
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, want 0600", info.Mode())
	}
	for _, suffix := range []string{"-wal", "-shm"} {
		if info, err := os.Stat(path + suffix); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, error %v, want mode 0600", suffix, info, err)
		}
	}
	for pragma, want := range map[string]string{
		"journal_mode": "wal", "foreign_keys": "1", "secure_delete": "1", "busy_timeout": "10000",
	} {
		var got string
		if err := db.Engine.(*file).write.QueryRow("PRAGMA " + pragma).Scan(&got); err != nil || got != want {
			t.Errorf("%s is %q, error %v, want %q", pragma, got, err, want)
		}
	}
	err = db.Update(t.Context(), database.Durable, "try", func(tx *database.Tx) error {
		_, err := tx.ExecContext(t.Context(), `INSERT INTO hosts (host) VALUES ('a')`)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	again := open(t, path)
	var hosts int
	if err := again.Read.QueryRow(`SELECT count(*) FROM hosts`).Scan(&hosts); err != nil || hosts != 1 {
		t.Errorf("after reopening: %d hosts, error %v", hosts, err)
	}
	if _, err := again.Read.Exec("DELETE FROM pages"); err == nil {
		t.Error("the readers' pool can write")
	}
}

func TestOpenAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "q.db")
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			db, err := Open(context.Background(), path)
			if err != nil {
				t.Error(err)
				return
			}
			if err := db.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

func TestOpenErrors(t *testing.T) {
	newer := filepath.Join(t.TempDir(), "newer.db")
	db := open(t, newer)
	if _, err := db.Engine.(*file).write.Exec(`INSERT INTO goose_db_version (version_id, is_applied) VALUES (999, 1)`); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	noDatabase := filepath.Join(t.TempDir(), "text.db")
	if err := os.WriteFile(noDatabase, []byte(strings.Repeat("this is a letter ", 500)), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		path, remedy string
		want         error
	}{
		{newer, "use the newer program", store.ErrNewerSchema},
		{noDatabase, "restore the file from a backup", store.ErrCorrupt},
		{filepath.Join(t.TempDir(), "no", "such.db"), "create the folder", os.ErrNotExist},
		{t.TempDir(), t.TempDir()[:1], nil}, // a folder
	} {
		_, err := Open(t.Context(), tt.path)
		if err == nil || tt.want != nil && !errors.Is(err, tt.want) || !strings.Contains(err.Error(), tt.remedy) || !strings.Contains(err.Error(), tt.path) {
			t.Errorf("Open %s: %v, want %v with path and remedy %q", tt.path, err, tt.want, tt.remedy)
		}
	}
}

func TestMigrationGoesDown(t *testing.T) {
	db := temp(t)
	entries, err := migrationFiles.ReadDir("migrations")
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range slices.Backward(entries) {
		raw, err := migrationFiles.ReadFile("migrations/" + entry.Name())
		if err != nil {
			t.Fatal(err)
		}
		_, down, ok := strings.Cut(string(raw), "-- +goose Down")
		if !ok {
			t.Fatalf("%s: no Down section", entry.Name())
		}
		if _, err := db.Engine.(*file).write.Exec(down); err != nil {
			t.Fatalf("%s: %v", entry.Name(), err)
		}
	}
	tables, err := database.Collect(t.Context(), db.Read, func(r *sql.Rows) (name string, err error) {
		err = r.Scan(&name)
		return name, err
	}, `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE 'goose_%'`)
	if err != nil || len(tables) > 0 {
		t.Errorf("left over: %q, error %v", tables, err)
	}
}

func TestUpdateRollsBack(t *testing.T) {
	db := temp(t)
	broken := errors.New("broken")
	err := db.Update(t.Context(), database.Durable, "try", func(tx *database.Tx) error {
		if _, err := tx.ExecContext(t.Context(), `INSERT INTO hosts (host) VALUES ('a')`); err != nil {
			return err
		}
		return broken
	})
	if !errors.Is(err, broken) || !strings.Contains(err.Error(), "try") {
		t.Errorf("error %v, want the cause and the operation", err)
	}
	var n int
	if err := db.Read.QueryRow(`SELECT count(*) FROM hosts`).Scan(&n); err != nil || n != 0 {
		t.Errorf("%d rows remained, error %v", n, err)
	}
}

// TestLostTable: the error says once what failed, however deep it happened, and what to do.
func TestLostTable(t *testing.T) {
	t.Parallel()
	db := open(t, filepath.Join(t.TempDir(), "q.db"))
	_, err := db.Read.ExecContext(t.Context(), `SELECT * FROM lost`)
	err = db.Fail("count the figures of a report in", db.Fail("read what is parked in", err))
	for l, want := range map[locales.Lang]string{locales.English: "restore it from a backup", locales.Chinese: "请从备份恢复"} {
		if text := l.Error(err); strings.Count(text, "q.db") != 1 || strings.Count(text, want) != 1 {
			t.Errorf("%s; want %q once", text, want)
		}
	}
}
