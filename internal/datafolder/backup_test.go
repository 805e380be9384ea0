package datafolder_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/qianshao/qianshao/evidence"
	"github.com/qianshao/qianshao/internal/app"
	"github.com/qianshao/qianshao/internal/app/apptest"
	"github.com/qianshao/qianshao/internal/datafolder"
)

const casino = "<!DOCTYPE html><title>赌场</title><p>新用户注册送彩金，百家乐、老虎机任您玩，首存送一百，返水无上限</p>"

// wantPrivate expects only the owner to have access to everything below a folder.
func wantPrivate(t *testing.T, folder string) {
	t.Helper()
	err := filepath.WalkDir(folder, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		want := fs.FileMode(0o600)
		if d.IsDir() {
			want = 0o700
		}
		if err == nil && info.Mode().Perm() != want && !strings.Contains(name, "index.bleve"+string(filepath.Separator)) { // the index's own files are in a private folder
			t.Errorf("%s has mode %v", name, info.Mode())
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestBackup puts one data folder through everything that a backup must withstand. Its parts share the
// folder, since each crawl takes a second.
func TestBackup(t *testing.T) {
	t.Parallel()
	a, data := apptest.Crawl(t, casino)
	t.Run("own parts", func(t *testing.T) { backUpOwnParts(t, data) })
	t.Run("refused", func(t *testing.T) { refuseRestore(t, data) })
	t.Run("damaged", func(t *testing.T) { backUpDamaged(t, data) })
	t.Run("beside a deletion", func(t *testing.T) { backUpBesideDeletion(t, a, data) })
}

// backUpBesideDeletion deletes a finding with its evidence during a backup. The backup must not mix
// the states before and after.
func backUpBesideDeletion(t *testing.T, a *app.App, data string) {
	id := onlyFinding(t, a.Folder)
	deleted := make(chan error, 1)
	go func() {
		_, err := a.Folder.DeleteFinding(t.Context(), id, "", time.Now())
		deleted <- err
	}()
	beside, _ := apptest.BackUp(t, data, datafolder.RuleFolders{})
	if err := <-deleted; err != nil {
		t.Fatal(err)
	}
	after, m := apptest.BackUp(t, data, datafolder.RuleFolders{})
	if m.Findings != 0 || len(filesWith(t, after, "注册送彩金")) > 0 {
		t.Errorf("the backup has %d findings after the deletion", m.Findings)
	}
	apptest.Restored(t, beside)
	apptest.Restored(t, after)
}

// backUpOwnParts: overlay, rules and policy are in the backup, including the targets of links, and
// without files that no loader reads. Restored, they are in effect again.
func backUpOwnParts(t *testing.T, data string) {
	rules, overlay := t.TempDir(), t.TempDir()
	apptest.WriteRule(t, rules, "one", "云巅国际")
	apptest.Write(t, filepath.Join(rules, ".git", "config"), "x")
	apptest.Write(t, filepath.Join(rules, "notes.txt"), "x")
	apptest.Write(t, filepath.Join(overlay, "off.yaml"), "rules:\n  - {id: own-one, reason: 试一试}\n")
	apptest.Write(t, filepath.Join(data, "elsewhere.yaml"), "hosts:\n  - {host: a.example, reason: 报社}\n")
	if err := os.Symlink(filepath.Join(data, "elsewhere.yaml"), filepath.Join(overlay, "allow.yaml")); err != nil {
		t.Fatal(err)
	}
	apptest.Write(t, datafolder.RetentionPath(data), "default: 30\n")
	apptest.Write(t, filepath.Join(data, datafolder.ConfigName), "zone: UTC\n")
	backup, m := apptest.BackUp(t, data, datafolder.RuleFolders{Dir: rules, Overlay: overlay, Data: data})
	var names []string
	for _, f := range m.Files {
		if !strings.HasPrefix(f.Name, "evidence/") {
			names = append(names, f.Name)
		}
	}
	if want := []string{"overlay/allow.yaml", "overlay/off.yaml", "qianshao.db", "qianshao.yaml", "retention.yaml", "rules-dir/rules/own-one.yaml"}; !slices.Equal(names, want) {
		t.Errorf("the backup has %v, want %v", names, want)
	}
	wantPrivate(t, filepath.Dir(backup))
	again := apptest.Restored(t, backup)
	wantPrivate(t, again)
	set, err := datafolder.RuleFolders{Dir: datafolder.RestoredRules(again), Data: again}.Load(nil)
	if err != nil || len(set.Rules()) != 1 || len(set.On()) != 0 || set.Allowances() != 1 {
		t.Errorf("the restored rules: %v, %v", set, err)
	}
	if policy, err := os.ReadFile(datafolder.RetentionPath(again)); err != nil || string(policy) != "default: 30\n" {
		t.Errorf("the restored policy is %q, %v", policy, err)
	}
}

// refuseRestore: differences from the backup are named, and a failed attempt leaves nothing behind.
func refuseRestore(t *testing.T, data string) {
	backup, m := apptest.BackUp(t, data, datafolder.RuleFolders{})
	refused := func(want, from, to string) {
		t.Helper()
		_, err := datafolder.Restore(t.Context(), datafolder.RestoreOptions{From: from, Data: to, Problem: func(evidence.Problem) {}, Warn: func(fmt.Stringer) {}})
		var input *datafolder.InputError
		if !errors.As(err, &input) || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want an InputError with %q", err, want)
		}
		if left, _ := filepath.Glob(filepath.Join(filepath.Dir(to), ".*.tmp")); len(left) > 0 {
			t.Errorf("left behind: %v", left)
		}
	}
	full := t.TempDir()
	apptest.Write(t, filepath.Join(full, "x"), "x")
	refused("is not empty, and nothing in it is overwritten", backup, full)
	refused("holds no manifest.json", full, filepath.Join(t.TempDir(), "data"))
	for _, f := range m.Files {
		name := filepath.Join(backup, filepath.FromSlash(f.Name))
		whole, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		changed := slices.Clone(whole)
		changed[len(changed)/2] ^= 1
		target := filepath.Join(t.TempDir(), "data")
		for _, content := range [][]byte{changed, whole[:len(whole)-1]} {
			if err := os.WriteFile(name, content, 0o600); err != nil {
				t.Fatal(err)
			}
			refused(name+" differs from the backup's manifest", backup, target)
			if _, err := os.Stat(target); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("the data folder was created: %v", err)
			}
		}
		if err := os.WriteFile(name, whole, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	interrupted, cancel := context.WithCancel(t.Context())
	cancel()
	parent := t.TempDir()
	_, err := openFolder(t, data).Backup(interrupted, datafolder.RuleFolders{}, filepath.Join(parent, "x"), time.Now(), nil)
	if left, _ := os.ReadDir(parent); !errors.Is(err, context.Canceled) || len(left) > 0 {
		t.Errorf("interrupted: %v; it left %v", err, left)
	}
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(data, link); err != nil {
		t.Fatal(err)
	}
	for _, to := range []string{filepath.Join(data, "evidence", "x"), filepath.Join(link, "new", "x")} {
		if _, err := openFolder(t, data).Backup(t.Context(), datafolder.RuleFolders{}, to, time.Now(), nil); err == nil || !strings.Contains(err.Error(), "lies in the data folder") {
			t.Errorf("a backup inside the data folder, as %s: %v", to, err)
		}
	}
}

// backUpDamaged: a damaged archive can be backed up, too. The backup says so, and is restored as it
// is.
func backUpDamaged(t *testing.T, data string) {
	files, err := filepath.Glob(filepath.Join(datafolder.EvidencePath(data), "*/*/*.warc.gz"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%v, %v", files, err)
	}
	whole, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	changed := slices.Clone(whole)
	changed[len(changed)/2] ^= 1
	apptest.Write(t, files[0], string(changed))
	defer apptest.Write(t, files[0], string(whole))
	told := 0
	backup := filepath.Join(t.TempDir(), "backup")
	m, err := openFolder(t, data).Backup(t.Context(), datafolder.RuleFolders{}, backup, time.Now(), func(evidence.Problem) { told++ })
	if err != nil || m.Problems != 1 || told != 1 {
		t.Fatalf("%d problems, %d reported, %v", m.Problems, told, err)
	}
	_, err = datafolder.Restore(t.Context(), datafolder.RestoreOptions{
		From: backup, Data: filepath.Join(t.TempDir(), "data"), Problem: func(evidence.Problem) { told++ }, Warn: func(fmt.Stringer) {},
	})
	if err != nil || told != 2 {
		t.Errorf("%d reported, %v", told, err)
	}
}
