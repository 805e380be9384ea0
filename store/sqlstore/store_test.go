package sqlstore

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/store"
	"github.com/qianshao/qianshao/store/sqlite"
	"github.com/qianshao/qianshao/store/sqlite/sqlitetest"
	"github.com/qianshao/qianshao/store/sqlstore/database/databasetest"
	"github.com/qianshao/qianshao/store/storetest"
)

var base = time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)

func open(t testing.TB, path string) *Store {
	t.Helper()
	s, err := New(sqlite.Open(context.Background(), path))
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

// in returns a store in an empty database.
func in(t testing.TB, open databasetest.Open) *Store {
	t.Helper()
	s, err := New(open(t), nil)
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

func temp(t testing.TB) *Store { return open(t, sqlitetest.File(t)) }

func TestContract(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, open databasetest.Open) {
		storetest.Run(t, func(t testing.TB) storetest.Store { return in(t, open) })
	})
}

// TestRunAgain: the contract holds if transactions are run a second time.
func TestRunAgain(t *testing.T) {
	storetest.Run(t, func(t testing.TB) storetest.Store { return in(t, databasetest.Twice) })
}

func TestDamagedPage(t *testing.T) {
	path := filepath.Join(t.TempDir(), "q.db")
	s := open(t, path)
	var list []qianshao.Authorisation
	for i := range 200 {
		list = append(list, qianshao.Authorisation{ID: strings.Repeat("x", 50) + string(rune('a'+i%26)) + string(rune('a'+i/26))})
	}
	if err := s.PutAuthorisations(t.Context(), store.Signed{By: "test"}, list); err != nil {
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
	s, err = New(sqlite.Open(t.Context(), path))
	if err == nil {
		_, err = s.Authorisations(t.Context())
		_ = s.Close()
	}
	if !errors.Is(err, store.ErrCorrupt) {
		t.Errorf("reading a damaged database: %v, want store.ErrCorrupt", err)
	}
}
