// Package sqlitetest gives tests databases of their own, each in a file.
package sqlitetest

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/qianshao/qianshao/store/sqlite"
)

// File returns the path of a new database with the schema in it, which is removed when the test ends.
func File(t testing.TB) string {
	t.Helper()
	return filepath.Join(Folder(t), name)
}

// Folder returns a new folder with such a database in it, at the place where a data folder has it.
func Folder(t testing.TB) string {
	t.Helper()
	data, err := template()
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, name), data, 0o600); err != nil {
		t.Fatal(err)
	}
	return folder
}

const name = "qianshao.db"

// template creates, once per process, the database that those of the tests are copied from. Its migrations
// cost more than most tests, and each waits for the disk.
var template = sync.OnceValues(func() (data []byte, err error) {
	folder, err := os.MkdirTemp("", "qianshao-template-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	path := filepath.Join(folder, name)
	db, err := sqlite.Open(context.Background(), path)
	if err != nil {
		return nil, err
	}
	if err := db.Close(); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
})
