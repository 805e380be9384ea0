package app_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/evidence"
	"github.com/qianshao/qianshao/index"
	"github.com/qianshao/qianshao/internal/app"
)

const casino = "<!DOCTYPE html><title>赌场</title><p>新用户注册送彩金，百家乐、老虎机任您玩，首存送一百，返水无上限</p>"

// backUp backs a data folder up as a command beside the server does.
func backUp(t *testing.T, data string, rules app.RuleFolders) (folder string, m *app.Manifest) {
	t.Helper()
	f, err := app.OpenFolder(t.Context(), app.FolderOptions{Data: data})
	if err != nil {
		t.Fatal(err)
	}
	folder = filepath.Join(t.TempDir(), "backups", "monday")
	m, err = f.Backup(t.Context(), rules, folder, time.Now(), func(p evidence.Problem) { t.Error(p) })
	if err = errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
	return folder, m
}

// restored restores a backup, and returns the data folder.
func restored(t *testing.T, backup string) string {
	t.Helper()
	data := filepath.Join(t.TempDir(), "data")
	_, err := app.Restore(t.Context(), app.RestoreOptions{
		From: backup, Data: data, Problem: func(p evidence.Problem) { t.Error(p) }, Warn: func(w string) { t.Error(w) },
	})
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// wantPrivate expects all below a folder to be for its owner alone.
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
		if err == nil && info.Mode().Perm() != want && !strings.Contains(name, "index.bleve"+string(filepath.Separator)) { // below a private folder
			t.Errorf("%s has mode %v", name, info.Mode())
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// backUpWhile takes backups of a data folder while a crawl archives flagged pages, and
// returns one of them and the one after the end.
func backUpWhile(t *testing.T, data string, crawl func() error) (meanwhile, last string) {
	t.Helper()
	crawled := make(chan error, 1)
	go func() { crawled <- crawl() }()
	for {
		select {
		case err := <-crawled:
			if err != nil {
				t.Fatal(err)
			}
			last, _ = backUp(t, data, app.RuleFolders{Data: data})
			return meanwhile, last
		case <-time.After(500 * time.Millisecond): // several a crawl, of which some see evidence being added
			meanwhile, _ = backUp(t, data, app.RuleFolders{Data: data})
		}
	}
}

// wantRestored restores both backups: each is of one moment, and the last one has all
// that the crawl has found.
func wantRestored(t *testing.T, meanwhile, last string, findings int) {
	t.Helper()
	restored(t, meanwhile)
	again := newApp(t, app.Options{Data: restored(t, last), Version: "test", Reindexing: func(int, int) { t.Error("the index is built anew") }})
	found, err := again.Index.Search(t.Context(), index.Request{Sight: qianshao.SeeAll()})
	if err != nil || found.Total != findings {
		t.Errorf("%d findings are restored of %d, %v", found.Total, findings, err)
	}
}

// TestBackup goes with one data folder through all that a backup has to withstand. Its
// parts share the folder, since each crawl takes a second.
func TestBackup(t *testing.T) {
	t.Parallel()
	a, data := crawlSite(t, casino)
	t.Run("own parts", func(t *testing.T) { backUpOwnParts(t, data) })
	t.Run("refused", func(t *testing.T) { refuseRestore(t, data) })
	t.Run("damaged", func(t *testing.T) { backUpDamaged(t, data) })
	t.Run("beside a deletion", func(t *testing.T) { backUpBesideDeletion(t, a, data) })
}

// backUpBesideDeletion deletes a finding with its evidence while a backup is taken. No
// backup mixes the times before and after.
func backUpBesideDeletion(t *testing.T, a *app.App, data string) {
	id := onlyFinding(t, a.Folder)
	deleted := make(chan error, 1)
	go func() {
		_, err := a.Folder.DeleteFinding(t.Context(), id, "", time.Now())
		deleted <- err
	}()
	beside, _ := backUp(t, data, app.RuleFolders{})
	if err := <-deleted; err != nil {
		t.Fatal(err)
	}
	after, m := backUp(t, data, app.RuleFolders{})
	if m.Findings != 0 || len(filesWith(t, after, "注册送彩金")) > 0 {
		t.Errorf("the backup has %d findings after the deletion", m.Findings)
	}
	restored(t, beside)
	restored(t, after)
}

// backUpOwnParts: overlay, rules and policy are in the backup with what links lead to,
// and without what no loader reads; restored they count again.
func backUpOwnParts(t *testing.T, data string) {
	rules, overlay := t.TempDir(), t.TempDir()
	writeRule(t, rules, "one", "云巅国际")
	write(t, filepath.Join(rules, ".git", "config"), "x")
	write(t, filepath.Join(rules, "notes.txt"), "x")
	write(t, filepath.Join(overlay, "off.yaml"), "rules:\n  - {id: own-one, reason: 试一试}\n")
	write(t, filepath.Join(data, "elsewhere.yaml"), "hosts:\n  - {host: a.example, reason: 报社}\n")
	if err := os.Symlink(filepath.Join(data, "elsewhere.yaml"), filepath.Join(overlay, "allow.yaml")); err != nil {
		t.Fatal(err)
	}
	write(t, app.RetentionPath(data), "default: 30\n")
	backup, m := backUp(t, data, app.RuleFolders{Dir: rules, Overlay: overlay, Data: data})
	var names []string
	for _, f := range m.Files {
		if !strings.HasPrefix(f.Name, "evidence/") {
			names = append(names, f.Name)
		}
	}
	if want := []string{"overlay/allow.yaml", "overlay/off.yaml", "qianshao.db", "retention.yaml", "rules-dir/rules/own-one.yaml"}; !slices.Equal(names, want) {
		t.Errorf("the backup has %v, want %v", names, want)
	}
	wantPrivate(t, filepath.Dir(backup))
	again := restored(t, backup)
	wantPrivate(t, again)
	set, err := app.RuleFolders{Dir: app.RestoredRules(again), Data: again}.Load(nil)
	if err != nil || len(set.Rules()) != 1 || len(set.On()) != 0 || set.Allowances() != 1 {
		t.Errorf("the restored rules: %v, %v", set, err)
	}
	if policy, err := os.ReadFile(app.RetentionPath(again)); err != nil || string(policy) != "default: 30\n" {
		t.Errorf("the restored policy is %q, %v", policy, err)
	}
}

// refuseRestore: what is not as the backup was made is named, and nothing is left of an
// attempt.
func refuseRestore(t *testing.T, data string) {
	backup, m := backUp(t, data, app.RuleFolders{})
	refused := func(want, from, to string) {
		t.Helper()
		_, err := app.Restore(t.Context(), app.RestoreOptions{From: from, Data: to, Problem: func(evidence.Problem) {}, Warn: func(string) {}})
		var input *app.InputError
		if !errors.As(err, &input) || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want an InputError with %q", err, want)
		}
		if left, _ := filepath.Glob(filepath.Join(filepath.Dir(to), ".*.tmp")); len(left) > 0 {
			t.Errorf("left behind: %v", left)
		}
	}
	full := t.TempDir()
	write(t, filepath.Join(full, "x"), "x")
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
			refused(name+" is not as the backup's manifest has it", backup, target)
			if _, err := os.Stat(target); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("the data folder is there: %v", err)
			}
		}
		if err := os.WriteFile(name, whole, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	interrupted, cancel := context.WithCancel(t.Context())
	cancel()
	parent := t.TempDir()
	_, err := openFolder(t, data).Backup(interrupted, app.RuleFolders{}, filepath.Join(parent, "x"), time.Now(), nil)
	if left, _ := os.ReadDir(parent); !errors.Is(err, context.Canceled) || len(left) > 0 {
		t.Errorf("interrupted: %v; it left %v", err, left)
	}
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(data, link); err != nil {
		t.Fatal(err)
	}
	for _, to := range []string{filepath.Join(data, "evidence", "x"), filepath.Join(link, "new", "x")} {
		if _, err := openFolder(t, data).Backup(t.Context(), app.RuleFolders{}, to, time.Now(), nil); err == nil || !strings.Contains(err.Error(), "lies in the data folder") {
			t.Errorf("a backup inside the data folder, as %s: %v", to, err)
		}
	}
}

// backUpDamaged: a damaged archive is still worth a backup. The backup says so, and is
// restored as it is.
func backUpDamaged(t *testing.T, data string) {
	files, err := filepath.Glob(filepath.Join(app.EvidencePath(data), "*.warc.gz"))
	if err != nil || len(files) != 1 {
		t.Fatalf("%v, %v", files, err)
	}
	whole, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	changed := slices.Clone(whole)
	changed[len(changed)/2] ^= 1
	write(t, files[0], string(changed))
	defer write(t, files[0], string(whole))
	told := 0
	backup := filepath.Join(t.TempDir(), "backup")
	m, err := openFolder(t, data).Backup(t.Context(), app.RuleFolders{}, backup, time.Now(), func(evidence.Problem) { told++ })
	if err != nil || m.Problems != 1 || told != 1 {
		t.Fatalf("%d problems, %d told, %v", m.Problems, told, err)
	}
	_, err = app.Restore(t.Context(), app.RestoreOptions{
		From: backup, Data: filepath.Join(t.TempDir(), "data"), Problem: func(evidence.Problem) { told++ }, Warn: func(string) {},
	})
	if err != nil || told != 2 {
		t.Errorf("%d told, %v", told, err)
	}
}
