package datafolder_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/qianshao/qianshao/evidence"
	"github.com/qianshao/qianshao/index"
	"github.com/qianshao/qianshao/internal/backends"
	"github.com/qianshao/qianshao/internal/backends/backendstest"
	"github.com/qianshao/qianshao/internal/datafolder"
	"github.com/qianshao/qianshao/store"
)

func migrate(t *testing.T, from, to datafolder.Options) ([]datafolder.MigratedTable, error) {
	t.Helper()
	_, tables, err := datafolder.Migrate(t.Context(), datafolder.MigrateOptions{From: from, To: to, Problem: func(p evidence.Problem) { t.Error(p) }})
	return tables, err
}

// works checks that there is one finding with its evidence, wherever the outpost now is.
func works(t *testing.T, opts datafolder.Options) {
	t.Helper()
	found, err := datafolder.Search(t.Context(), datafolder.SearchRequest{Folder: opts, Query: "state:open", Limit: 1})
	if err != nil || found.Total != 1 {
		t.Fatalf("%d found, %v", found.Total, err)
	}
	f, ix, err := datafolder.OpenWithIndex(t.Context(), opts, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := errors.Join(ix.Close(), f.Close()); err != nil {
			t.Error(err)
		}
	}()
	verified, err := f.Evidence.Verify(t.Context(), evidence.Head{}, func(p evidence.Problem) { t.Error(p) })
	if err != nil || verified.Records == 0 {
		t.Errorf("%+v, %v", verified, err)
	}
}

// TestMigrate: a folder is migrated completely. A source in use and an existing target are refused,
// and so is a target after an interrupted migration.
func TestMigrate(t *testing.T) {
	t.Parallel()
	from := datafolder.Options{Data: foundFolder(t)}
	to := datafolder.Options{Data: filepath.Join(t.TempDir(), "new"), Backends: backends.Options{Evidence: backends.Place{Address: t.TempDir()}}}
	f, ix, err := datafolder.OpenWithIndex(t.Context(), from, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := migrate(t, from, to); !datafolder.InUse(err) {
		t.Errorf("a source in use: %v", err)
	}
	if err := errors.Join(ix.Close(), f.Close()); err != nil {
		t.Fatal(err)
	}
	if _, err := migrate(t, from, to); err != nil {
		t.Fatal(err)
	}
	works(t, to)
	_, err = migrate(t, from, to)
	refused(t, err, "exists already, and nothing is overwritten")
	other := to
	other.Data = filepath.Join(t.TempDir(), "other")
	_, err = migrate(t, from, other)
	refused(t, err, "is not empty")

	if f, err = datafolder.Open(t.Context(), to); err != nil {
		t.Fatal(err)
	}
	_, err = f.Store.SetPlace(t.Context(), store.PartMigration, "under way", true)
	if err = errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
	refused(t, run(t, to), "has not come to its end")

	away := datafolder.Options{Data: filepath.Join(t.TempDir(), "away"), Backends: backends.Options{Index: backends.Place{Address: "http://127.0.0.1:1"}}}
	if _, err := migrate(t, from, away); !errors.Is(err, index.ErrUnavailable) {
		t.Errorf("a cluster that is away: %v", err)
	}
	if (datafolder.Options{Data: away.Data}).HasStore() {
		t.Error("a store was created for it")
	}
}

// TestMigrateUndone: a migration that fails when nearly everything is copied leaves nothing behind, so
// that it can be run again. What was in the target's folder before is kept.
func TestMigrateUndone(t *testing.T) {
	t.Parallel()
	from, to := datafolder.Options{Data: foundFolder(t)}, datafolder.Options{Data: t.TempDir()}
	config := filepath.Join(to.Data, datafolder.ConfigName)
	if err := os.WriteFile(config, []byte("lang: zh\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	if _, _, err := datafolder.Migrate(ctx, datafolder.MigrateOptions{From: from, To: to, Reindexing: func(int, int) {
		if !to.HasStore() {
			t.Error("the index is built before the store is copied")
		}
		cancel()
	}}); !errors.Is(err, context.Canceled) {
		t.Fatalf("an interrupted migration: %v", err)
	}
	if left, err := filepath.Glob(filepath.Join(to.Data, "*")); err != nil || !slices.Equal(left, []string{config}) {
		t.Errorf("left behind: %v, %v", left, err)
	}
	if _, err := migrate(t, from, to); err != nil {
		t.Fatal(err)
	}
	works(t, to)
}

// TestMigrateToServers: from a folder to servers and back, with the same rows. Migration is refused
// while a process is connected to the database.
func TestMigrateToServers(t *testing.T) {
	t.Parallel()
	servers := datafolder.Options{Data: filepath.Join(t.TempDir(), "servers"), Backends: backendstest.All(t)}
	there, err := migrate(t, datafolder.Options{Data: foundFolder(t)}, servers)
	if err != nil {
		t.Fatal(err)
	}
	works(t, servers)
	home := datafolder.Options{Data: filepath.Join(t.TempDir(), "home")}
	f, err := datafolder.Open(t.Context(), servers)
	if err != nil {
		t.Fatal(err)
	}
	_, err = migrate(t, servers, home)
	refused(t, err, "stop all that run on it")
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	back, err := migrate(t, servers, home)
	if err != nil {
		t.Fatal(err)
	}
	works(t, home)
	if len(there) != len(back) {
		t.Errorf("%d tables there, %d back", len(there), len(back))
	}
	for _, table := range there {
		if table.Name != "outbox" && table.Name != "outbox_told" && !slices.Contains(back, table) {
			t.Errorf("%+v did not come back", table)
		}
	}
}
