package datafolder_test

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/evidence"
	"github.com/qianshao/qianshao/evidence/bucket"
	"github.com/qianshao/qianshao/index"
	"github.com/qianshao/qianshao/internal/app"
	"github.com/qianshao/qianshao/internal/app/apptest"
	"github.com/qianshao/qianshao/internal/datafolder"
	"github.com/qianshao/qianshao/store"
)

func openFolder(t *testing.T, data string) *datafolder.Folder {
	t.Helper()
	f, err := datafolder.Open(t.Context(), datafolder.Options{Data: data})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	})
	return f
}

// onlyFinding returns the id of the folder's one finding.
func onlyFinding(t *testing.T, f *datafolder.Folder) string {
	t.Helper()
	list, err := f.Store.OldFindings(t.Context(), time.Now().Add(time.Hour))
	if err != nil || len(list) != 1 {
		t.Fatalf("%d findings, %v", len(list), err)
	}
	return list[0].ID
}

// filesWith returns the files below a folder that contain a text in plain form.
func filesWith(t *testing.T, folder, text string) (names []string) {
	t.Helper()
	err := filepath.WalkDir(folder, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := os.ReadFile(name)
		if bytes.Contains(content, []byte(text)) {
			names = append(names, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// wantForgotten checks that the folder's one finding is gone from database, index and archive, and
// is in the log.
func wantForgotten(t *testing.T, data string, f *datafolder.Folder, id, reason string) {
	t.Helper()
	if _, err := f.Store.Finding(t.Context(), id); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("the finding is still there: %v", err)
	}
	if n, rebuilt := openFindings(t, data); n != 0 || rebuilt {
		t.Errorf("%d findings in the index, rebuilt %v", n, rebuilt)
	}
	log, err := f.Store.Deletions(t.Context(), 10)
	if err != nil || len(log) != 1 || log[0].Finding != id || !strings.Contains(log[0].Reason, reason) {
		t.Errorf("the log has %+v, %v, want %q", log, err, reason)
	}
	if left, err := f.Store.Pending(t.Context(), store.ConsumerIndex, 0, 10); err != nil || len(left) != 0 {
		t.Errorf("still pending for the index: %+v, %v", left, err)
	}
	verified, err := f.Evidence.Verify(t.Context(), evidence.Head{}, func(p evidence.Problem) { t.Error(p) })
	if err != nil || verified.Deleted == 0 {
		t.Errorf("%+v, %v", verified, err)
	}
	// This checks the index's bytes: in the database all text is compressed, except title and
	// evidence.
	if names := filesWith(t, data, "青禾诊所"); len(names) > 0 {
		t.Errorf("the title is still in %v", names)
	}
}

// TestDeleteFinding: deleting a finding deletes everything that belongs to it.
func TestDeleteFinding(t *testing.T) {
	data := foundFolder(t)
	f := openFolder(t, data)
	id := onlyFinding(t, f)
	if len(filesWith(t, data, "青禾诊所")) < 2 {
		t.Fatal("the title is not in database and index: this test cannot see anything")
	}
	d, err := f.DeleteFinding(t.Context(), id, "案件已结", time.Now())
	if err != nil || len(d.Captures) != 1 || len(d.Shared) != 0 || d.Finding.PageTitle != "青禾诊所" {
		t.Fatalf("%+v, %v", d, err)
	}
	if elsewhere, err := f.SettleIndex(t.Context()); err != nil || elsewhere {
		t.Errorf("the index is open elsewhere: %v, %v", elsewhere, err)
	}
	wantForgotten(t, data, f, id, "deleted by an operator: 案件已结")
	if _, err := f.DeleteFinding(t.Context(), id, "", time.Now()); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("deleted twice: %v", err)
	}
}

// TestDeleteSharedCapture: a capture that also shows another finding is kept until that one is deleted.
func TestDeleteSharedCapture(t *testing.T) {
	a, _ := apptest.Crawl(t, `<title>青禾诊所</title><p>澳门线上赌场官网开户，注册送彩金88元，真人百家乐，老虎机爆奖</p>
<p>专业办证刻章，代办毕业证、学位证，办理各类证件，包过验证，快递到付</p>`)
	f := a.Folder
	list, err := f.Store.OldFindings(t.Context(), time.Now().Add(time.Hour))
	if err != nil || len(list) != 2 {
		t.Fatalf("%+v, %v", list, err)
	}
	first, err := f.DeleteFinding(t.Context(), list[0].ID, "", time.Now())
	if err != nil || len(first.Captures) != 0 || len(first.Shared) != 1 {
		t.Errorf("the first: %+v, %v", first, err)
	}
	if left, err := f.Store.Finding(t.Context(), list[1].ID); err != nil || left.Source == "" {
		t.Errorf("the other finding has lost its source: %v", err)
	}
	second, err := f.DeleteFinding(t.Context(), list[1].ID, "", time.Now())
	if err != nil || len(second.Captures) != 1 || len(second.Shared) != 0 {
		t.Errorf("the second: %+v, %v", second, err)
	}
}

// lockedBucket is a bucket from which nothing can be deleted yet.
type lockedBucket struct{ bucket.Bucket }

func (lockedBucket) Delete(context.Context, string) error { return bucket.ErrLocked }

// TestForgetLocked: a lock in the bucket does not keep a finding in the database, whether it is
// deleted by hand or by retention.
func TestForgetLocked(t *testing.T) {
	for name, forget := range map[string]func(f *datafolder.Folder, id string) error{
		"delete": func(f *datafolder.Folder, id string) error {
			_, err := f.DeleteFinding(t.Context(), id, "", time.Now())
			return err
		},
		"prune": func(f *datafolder.Folder, _ string) error {
			later := time.Now().AddDate(0, 0, 3)
			x, err := f.Expired(t.Context(), evidence.Policy{Default: 2}, later)
			return cmp.Or(err, f.Prune(t.Context(), x, later))
		},
	} {
		data := foundFolder(t)
		f := openFolder(t, data)
		var err error
		f.Evidence, err = evidence.New(evidence.Options{Bucket: lockedBucket{bucket.NewFolder(filepath.Join(data, "evidence"))}, Ledger: f.Store, Writer: "test"})
		if err != nil {
			t.Fatal(err)
		}
		if err := forget(f, onlyFinding(t, f)); !errors.Is(err, bucket.ErrLocked) {
			t.Errorf("%s: %v", name, err)
		}
		if left, err := f.Store.OldFindings(t.Context(), time.Now().Add(time.Hour)); err != nil || len(left) > 0 {
			t.Errorf("%s: findings %+v, %v", name, left, err)
		}
	}
}

// TestDeleteBesideServer: the process that has the index open removes findings that another process
// has deleted, or at the latest the process that next opens the index.
func TestDeleteBesideServer(t *testing.T) {
	data := foundFolder(t)
	a := apptest.New(t, app.Options{Data: data})
	f := openFolder(t, data)
	id := onlyFinding(t, f)
	if _, err := f.DeleteFinding(t.Context(), id, "", time.Now()); err != nil {
		t.Fatal(err)
	}
	if elsewhere, err := f.SettleIndex(t.Context()); err != nil || !elsewhere {
		t.Errorf("the index is open elsewhere: %v, %v", elsewhere, err)
	}
	if results, err := a.Index.Search(t.Context(), index.Request{Sight: qianshao.SeeAll()}); err != nil || results.Total != 1 {
		t.Errorf("%d findings, %v", results.Total, err)
	}
	if err := a.Stop(); err != nil {
		t.Fatal(err)
	}
	wantForgotten(t, data, f, id, "deleted by an operator")
}

// TestRetentionReachesFindings: what the policy no longer keeps is removed from archive, database and
// index; what is on hold stays.
func TestRetentionReachesFindings(t *testing.T) {
	data := foundFolder(t)
	f := openFolder(t, data)
	id := onlyFinding(t, f)
	later := time.Now().AddDate(0, 0, 3)
	expired := func(p evidence.Policy, at time.Time) datafolder.Expired {
		t.Helper()
		x, err := f.Expired(t.Context(), p, at)
		if err != nil {
			t.Fatal(err)
		}
		return x
	}
	for name, x := range map[string]datafolder.Expired{
		"no policy":         expired(evidence.Policy{}, later),
		"not yet":           expired(evidence.Policy{Default: 4}, later),
		"on hold":           expired(evidence.Policy{Default: 2, Hold: []string{id}}, later),
		"category for ever": expired(evidence.Policy{Default: 2, Days: map[qianshao.Category]int{qianshao.Gambling: 0}}, later),
	} {
		if len(x.Findings)+len(x.Captures) > 0 {
			t.Errorf("%s: %+v", name, x)
		}
	}
	x := expired(evidence.Policy{Default: 2}, later)
	if len(x.Findings) != 1 || len(x.Captures) != 1 {
		t.Fatalf("%+v", x)
	}
	if err := f.Prune(t.Context(), x, later); err != nil {
		t.Fatal(err)
	}
	if _, err := f.SettleIndex(t.Context()); err != nil {
		t.Fatal(err)
	}
	wantForgotten(t, data, f, id, "retention of gambling is 2 days")
}
