package datafolder_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/qianshao/qianshao/internal/backends"
	"github.com/qianshao/qianshao/internal/datafolder"
	"github.com/qianshao/qianshao/store/postgres/postgrestest"
)

// TestForgottenStore: a folder that has been used with a database on a server does not get one of its own.
func TestForgottenStore(t *testing.T) {
	t.Parallel()
	address := postgrestest.DSN(t)
	opts := datafolder.Options{Data: t.TempDir(), Backends: backends.Options{Store: backends.Place{Address: address}}}
	if err := run(t, opts); err != nil {
		t.Fatal(err)
	}
	forgot := datafolder.Options{Data: opts.Data}
	for what, try := range map[string]func() error{
		"start": func() error { return run(t, forgot) },
		"command": func() error {
			_, err := datafolder.Open(t.Context(), forgot)
			return err
		},
		"search": func() error {
			_, err := datafolder.Search(t.Context(), datafolder.SearchRequest{Folder: forgot, Limit: 1})
			return err
		},
	} {
		err := try()
		refused(t, err, forgot.Data+" has worked with the database postgres://")
		refused(t, err, "on a server: name it with --store, or in "+filepath.Join(forgot.Data, "qianshao.yaml")+"; a new outpost begins in an empty folder")
		if err == nil || strings.Contains(err.Error(), "@") {
			t.Errorf("%s: %v; want no user in it", what, err)
		}
	}
	if _, err := os.Stat(filepath.Join(opts.Data, "qianshao.db")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a database was created: %v", err)
	}
	if err := run(t, opts); err != nil {
		t.Error(err)
	}
}
