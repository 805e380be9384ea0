package datafolder_test

import (
	"context"
	"errors"
	"math"
	"testing"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/dashboards/auth"
	"github.com/qianshao/qianshao/desk"
	"github.com/qianshao/qianshao/internal/app"
	"github.com/qianshao/qianshao/internal/app/apptest"
	"github.com/qianshao/qianshao/internal/datafolder"
	"github.com/qianshao/qianshao/locales"
	"github.com/qianshao/qianshao/store/sqlite/sqlitetest"
)

var ann = qianshao.Account{Name: "ann", Role: qianshao.RoleAnalyst, Sight: qianshao.SeeAll()}

// deskOf returns a desk at which ann decides, over a folder that no app has open.
func deskOf(t *testing.T, f *datafolder.Folder) *desk.Desk {
	t.Helper()
	d, err := desk.New(desk.Options{
		Store: f.Review, Mask: func(s string) string { return s }, Rules: func() string { return "r" },
		Account: func(context.Context, string) (qianshao.Account, error) { return ann, nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// decided fills a folder with findings, makes ann decide one and order a batch of all, and returns
// the batch.
func decided(t *testing.T, data string, findings int) desk.Batch {
	t.Helper()
	fillFolder(t, data, findings)
	f, err := datafolder.Open(t.Context(), datafolder.Options{Data: data})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	d := deskOf(t, f)
	var ids []string
	for record, err := range f.Store.AllFindings(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, record.Finding.ID)
	}
	subject := qianshao.Subject{Kind: qianshao.SubjectFinding, ID: ids[0]}
	v, err := d.Look(t.Context(), ann, subject)
	if err != nil || v.Seen == "" {
		t.Fatalf("%+v, %v", v, err)
	}
	draft := desk.Draft{Subject: subject, Kind: qianshao.ActDecide, Verdict: qianshao.VerdictUnsure, Seen: v.Seen}
	if _, err := d.Do(t.Context(), ann, draft); err != nil {
		t.Fatal(err)
	}
	b, err := d.Freeze(t.Context(), ann, desk.Selection{Findings: ids})
	if err != nil {
		t.Fatal(err)
	}
	b, err = d.Begin(t.Context(), ann, b.ID, desk.Order{Kind: qianshao.ActDecide, Verdict: qianshao.VerdictUnsure}, b.Members)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestBatchGoesOn: a process that starts continues batches that another one left unfinished.
func TestBatchGoesOn(t *testing.T) {
	t.Parallel()
	data := sqlitetest.Folder(t)
	b := decided(t, data, 3)
	a := apptest.New(t, app.Options{Data: data})
	a.Start(t.Context())
	for deadline := time.Now().Add(20 * time.Second); b.State != desk.BatchApplied; time.Sleep(10 * time.Millisecond) {
		var err error
		if b, err = a.Folder.Review.Batch(t.Context(), b.ID); err != nil || time.Now().After(deadline) {
			t.Fatalf("%+v, %v", b, err)
		}
	}
	tally, err := a.Folder.Review.Tally(t.Context(), b.ID, qianshao.SeeAll())
	if err != nil || tally.Pending != 0 || tally.Done+tally.Skipped[desk.SkippedDecided]+tally.Skipped[desk.SkippedAccount] != 3 {
		t.Errorf("%+v, %v", tally, err)
	}
}

// TestSecondReviewShare: the share that an administrator sets applies to the next decision, and survives a
// restart.
func TestSecondReviewShare(t *testing.T) {
	t.Parallel()
	data := sqlitetest.Folder(t)
	fillFolder(t, data, 2)
	decide := func(d *desk.Desk, f *datafolder.Folder) (due int) {
		for record, err := range f.Store.AllFindings(t.Context()) {
			if err != nil {
				t.Fatal(err)
			}
			subject := qianshao.Subject{Kind: qianshao.SubjectFinding, ID: record.Finding.ID}
			v, err := d.Look(t.Context(), ann, subject)
			if err != nil {
				t.Fatal(err)
			}
			act, err := d.Do(t.Context(), ann, desk.Draft{
				Subject: subject, Kind: qianshao.ActDecide, Basis: v.Standing.Act, Seen: v.Seen, Verdict: qianshao.VerdictCrime, Reason: qianshao.ReasonHacked,
			})
			if err != nil {
				t.Fatal(err)
			}
			if detail, err := desk.ParseDetail(act.Detail); err != nil {
				t.Fatal(err)
			} else if detail.Second == desk.SecondSample {
				due++
			}
		}
		return due
	}
	a := apptest.New(t, app.Options{Data: data})
	if share, err := a.Folder.Accounts.SecondReviewShare(t.Context()); err != nil || share != auth.DefaultSecondReviewShare {
		t.Errorf("at first it is %v, %v", share, err)
	}
	for _, share := range []float64{1, 0, 1} {
		if err := a.Folder.Accounts.SetSecondReviewShare(t.Context(), "root", share); err != nil {
			t.Fatal(err)
		}
		if due := decide(a.Desk, a.Folder); due != int(2*share) {
			t.Errorf("%v of the decisions: %d of 2 are due", share, due)
		}
	}
	for _, share := range []float64{-0.1, 1.5, math.NaN()} {
		if err := a.Folder.Accounts.SetSecondReviewShare(t.Context(), "root", share); !errors.Is(err, auth.ErrShare) {
			t.Errorf("the share %v: %v", share, err)
		}
	}
	if err := a.Stop(); err != nil {
		t.Fatal(err)
	}
	f, err := datafolder.Open(t.Context(), datafolder.Options{Data: data})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if share, err := f.Accounts.SecondReviewShare(t.Context()); err != nil || share != 1 {
		t.Errorf("another process reads %v, %v", share, err)
	}
}

// TestActsAreBackedUp: the trail is in a backup, with its head in the manifest, and is intact after a
// restore.
func TestActsAreBackedUp(t *testing.T) {
	t.Parallel()
	data := sqlitetest.Folder(t)
	decided(t, data, 2)
	backup, m := apptest.BackUp(t, data, datafolder.RuleFolders{})
	if kept, err := desk.ParseHead(m.ActHead); err != nil || kept.Seq != 1 || m.ActProblems != 0 {
		t.Errorf("the manifest has the head %q, %v", m.ActHead, err)
	}
	f, err := datafolder.Open(t.Context(), datafolder.Options{Data: apptest.Restored(t, backup)})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	v, err := f.Review.Verify(t.Context(), desk.Head{}, func(problem locales.Speaker) { t.Error(problem) })
	if err != nil || v.Head.String() != m.ActHead || v.Standings != 1 || v.Batches != 1 {
		t.Errorf("%+v, %v", v, err)
	}
}
