package sqlite

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/store"
	"github.com/qianshao/qianshao/store/storetest"
)

var base = time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)

func open(t testing.TB, path string) *Store {
	t.Helper()
	s, err := Open(context.Background(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func temp(t testing.TB) *Store { return open(t, filepath.Join(t.TempDir(), "qianshao.db")) }

func TestContract(t *testing.T) {
	storetest.Run(t, func(t testing.TB) storetest.Store { return temp(t) })
}

func TestOpen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "odd %41 name?#&.db")
	s := open(t, path)
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
		if err := s.write.QueryRow("PRAGMA " + pragma).Scan(&got); err != nil || got != want {
			t.Errorf("%s is %q, error %v, want %q", pragma, got, err, want)
		}
	}
	if err := s.PutAuthorisations(t.Context(), []qianshao.Authorisation{{ID: "a"}}); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := open(t, path).Authorisation(t.Context(), "a"); err != nil {
		t.Errorf("after reopening: %v", err)
	}
	if _, err := s.read.Exec("DELETE FROM pages"); err == nil {
		t.Error("the readers' pool can write")
	}
}

func TestOpenAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "q.db")
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			s, err := Open(context.Background(), path)
			if err != nil {
				t.Error(err)
				return
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

func TestOpenErrors(t *testing.T) {
	newer := filepath.Join(t.TempDir(), "newer.db")
	s := open(t, newer)
	if _, err := s.write.Exec(`INSERT INTO goose_db_version (version_id, is_applied) VALUES (999, 1)`); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
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

func TestDamagedPage(t *testing.T) {
	path := filepath.Join(t.TempDir(), "q.db")
	s := open(t, path)
	var list []qianshao.Authorisation
	for i := range 200 {
		list = append(list, qianshao.Authorisation{ID: strings.Repeat("x", 50) + string(rune('a'+i%26)) + string(rune('a'+i/26))})
	}
	if err := s.PutAuthorisations(t.Context(), list); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := len(data) / 4; i < len(data); i++ {
		data[i] = 0xA5
	}
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	s, err = Open(t.Context(), path)
	if err == nil {
		_, err = s.Authorisations(t.Context())
		_ = s.Close()
	}
	if !errors.Is(err, store.ErrCorrupt) {
		t.Errorf("reading a damaged database: %v, want store.ErrCorrupt", err)
	}
}

func TestMigrationGoesDown(t *testing.T) {
	s := temp(t)
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
			t.Fatalf("%s: no way down", entry.Name())
		}
		if _, err := s.write.Exec(down); err != nil {
			t.Fatalf("%s: %v", entry.Name(), err)
		}
	}
	tables, err := collect(t.Context(), s.read, scanString, `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE 'goose_%'`)
	if err != nil || len(tables) > 0 {
		t.Errorf("left over: %q, error %v", tables, err)
	}
}

func TestUpdateRollsBack(t *testing.T) {
	s := temp(t)
	broken := errors.New("broken")
	err := s.update(t.Context(), durable, "try", func(tx *writer) error {
		if _, err := tx.ExecContext(t.Context(), `INSERT INTO hosts (host) VALUES ('a')`); err != nil {
			return err
		}
		return broken
	})
	if !errors.Is(err, broken) || !strings.Contains(err.Error(), "try") {
		t.Errorf("error %v, want the cause and the operation", err)
	}
	var n int
	if err := s.read.QueryRow(`SELECT count(*) FROM hosts`).Scan(&n); err != nil || n != 0 {
		t.Errorf("%d rows stayed, error %v", n, err)
	}
}
