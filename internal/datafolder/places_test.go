package datafolder_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/qianshao/qianshao/internal/backends"
	"github.com/qianshao/qianshao/internal/datafolder"
	"github.com/qianshao/qianshao/locales"
	"github.com/qianshao/qianshao/store/postgres/postgrestest"
)

// run opens a folder as its process does, and closes it.
func run(t *testing.T, opts datafolder.Options) error {
	t.Helper()
	f, ix, err := datafolder.OpenWithIndex(t.Context(), opts, nil)
	if err != nil {
		return err
	}
	return errors.Join(ix.Close(), f.Close())
}

// refused checks that an error is an InputError with a given text.
func refused(t *testing.T, err error, says string) {
	t.Helper()
	var input *datafolder.InputError
	if !errors.As(err, &input) || !strings.Contains(err.Error(), says) {
		t.Errorf("%v; want an InputError with %q", err, says)
	}
}

// TestPlaces: index and evidence stay where the first process had them, until they are moved.
func TestPlaces(t *testing.T) {
	t.Parallel()
	here := datafolder.Options{Data: t.TempDir()}
	if err := run(t, here); err != nil {
		t.Fatal(err)
	}
	there := here
	there.Backends.Evidence = backends.Place{Address: "s3://b/p?endpoint=http://127.0.0.1:1"}
	refused(t, run(t, there), `the evidence of this store is in the data folder, not in s3://b/p; name the same --evidence everywhere; if it was moved there, run "qianshao evidence verify --moved"`)
	_, err := datafolder.Open(t.Context(), there)
	refused(t, err, "not in s3://b/p")
	if said, want := locales.Chinese.Error(err), "这个数据库的证据档案在“数据目录”，不在“s3://b/p”；"; !strings.HasPrefix(said, want) {
		t.Errorf("in Chinese: %s, want %s…", said, want)
	}

	there = here
	there.Backends.Index = backends.Place{Address: "http://127.0.0.1:1/i"}
	refused(t, run(t, there), `the index of this store is in the data folder, not in the cluster's index i; name the same --index everywhere; to move it there, run "qianshao reindex"`)
	_, err = datafolder.Search(t.Context(), datafolder.SearchRequest{Folder: there, Limit: 1})
	refused(t, err, "not in the cluster's index i")
	if err := run(t, here); err != nil {
		t.Error(err)
	}
}

// TestBackupOfServers: a store on a server is not copied, but the error says how to back it up,
// without a secret.
func TestBackupOfServers(t *testing.T) {
	t.Parallel()
	address := postgrestest.DSN(t)
	opts := datafolder.Options{Data: t.TempDir(), Backends: backends.Options{Store: backends.Place{Address: address}}}
	f, err := datafolder.Open(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	to := filepath.Join(t.TempDir(), "backup")
	_, err = f.Backup(t.Context(), datafolder.RuleFolders{}, to, time.Now(), nil)
	for _, step := range []string{"pg_dump --format=custom --file=qianshao.dump '" + address + "'", "cp -a " + datafolder.EvidencePath(opts.Data), "retention.yaml", "qianshao reindex"} {
		if err == nil || !strings.Contains(err.Error(), step) {
			t.Errorf("%v; want %q", err, step)
		}
	}
	if _, err := os.Stat(to); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a backup was begun: %v", err)
	}
}

// TestFoldersOfOneStore: two folders on one database cannot have separate parts; a reindex moves the index.
func TestFoldersOfOneStore(t *testing.T) {
	t.Parallel()
	servers := backends.Options{Store: backends.Place{Address: postgrestest.DSN(t)}}
	one, two := datafolder.Options{Data: t.TempDir(), Backends: servers}, datafolder.Options{Data: t.TempDir(), Backends: servers}
	if err := run(t, one); err != nil {
		t.Fatal(err)
	}
	refused(t, run(t, two), "of this store is in the data folder with the holder ")
	if _, err := datafolder.Reindex(t.Context(), two, nil); err != nil {
		t.Error(err)
	}
	refused(t, run(t, two), "the evidence of this store is in the data folder with the holder ")
	refused(t, run(t, one), "the index of this store")
}
