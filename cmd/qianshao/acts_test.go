package main

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	root "github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/desk"
	"github.com/qianshao/qianshao/internal/datafolder"
)

// someActs makes an analyst decide on a finding of a folder and undo that, with words
// that try to control the terminal.
func someActs(t *testing.T, data, finding string) {
	t.Helper()
	f := openFolder(t, data)
	defer f.Close()
	ann := root.Account{Name: "ann", Role: root.RoleAnalyst, Sight: root.SeeAll()}
	d, err := desk.New(desk.Options{
		Store: f.Review, Mask: strings.TrimSpace, Rules: func() string { return "r" },
		Account: func(context.Context, string) (root.Account, error) { return ann, nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	subject := root.Subject{Kind: root.SubjectFinding, ID: finding}
	v, err := d.Look(t.Context(), ann, subject)
	if err != nil {
		t.Fatal(err)
	}
	act, err := d.Do(t.Context(), ann, desk.Draft{
		Subject: subject, Kind: root.ActDecide, Verdict: root.VerdictNotCrime, Reason: root.ReasonOther, Seen: v.Seen, Detail: desk.Detail{Words: "x\x1b[2Jy"},
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Undo(t.Context(), ann, act.Seq, "", ""); err != nil {
		t.Fatal(err)
	}
}

// TestActs does with the trail what an auditor does: list, export, verify with a head kept elsewhere,
// detect a change.
func TestActs(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	finding := seenOn(t, data, time.Date(2026, 11, 20, 1, 0, 0, 0, time.UTC))
	someActs(t, data, finding)

	if code, out := command(t, data, "acts", "list"); code != exitOK || !strings.Contains(out, "not_crime (other)") || !strings.Contains(out, "undoes 1") || strings.Contains(out, "\x1b") {
		t.Errorf("list: %d\n%s", code, out)
	}
	if code, out := command(t, data, "acts", "export", "--since", "1"); code != exitOK || strings.Count(out, "\n") != 1 || !strings.HasPrefix(out, `{"seq":2,"at":"20`) {
		t.Errorf("export: %d\n%s", code, out)
	}
	code, out := command(t, data, "acts", "head")
	head, _, _ := strings.Cut(out, " ")
	if code != exitOK || !strings.HasPrefix(head, "2:") {
		t.Fatalf("head: %d\n%s", code, out)
	}
	if code, out := command(t, data, "acts", "verify", "--head", head); code != exitOK || !strings.Contains(out, "2 acts, 1 subject with a present state, 0 batches") {
		t.Errorf("verify --head: %d\n%s", code, out)
	}
	if code, out := command(t, data, "acts", "verify", "--head", "1"+head); code != exitMismatch || !strings.Contains(out, "the head that was kept is act 12") {
		t.Errorf("verify with a head that the trail never had: %d\n%s", code, out)
	}

	tamper(t, data, `UPDATE standings SET verdict = 'crime'`)
	if code, out := command(t, data, "acts", "verify"); code != exitMismatch || !strings.Contains(out, "the standing of finding:"+finding) {
		t.Errorf("verify of the unchanged trail: %d\n%s", code, out)
	}
	if code, out := command(t, data, "reindex"); code != exitOK {
		t.Fatalf("reindex: %d\n%s", code, out)
	}
	if code, out := command(t, data, "acts", "verify"); code != exitOK {
		t.Errorf("verify after reindex: %d\n%s", code, out)
	}
	tamper(t, data, `DROP TRIGGER acts_stay_as_they_are`, `UPDATE acts SET verdict = 'crime' WHERE seq = 1`)
	if code, out := command(t, data, "acts", "verify"); code != exitMismatch || !strings.Contains(out, "act 1 is not as it was written") {
		t.Errorf("verify of a changed act: %d\n%s", code, out)
	}
}

func tamper(t *testing.T, data string, statements ...string) {
	t.Helper()
	if !(datafolder.Options{Data: data}).HasStore() {
		t.Fatal("there is no store")
	}
	inDatabase(t, data, func(db *sql.DB) (err error) {
		for _, statement := range statements {
			if _, err = db.ExecContext(t.Context(), statement); err != nil {
				break
			}
		}
		return err
	})
}

// inDatabase opens the folder's database beside the program.
func inDatabase(t *testing.T, data string, use func(db *sql.DB) error) {
	t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(data, "qianshao.db"))
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(use(db), db.Close()); err != nil {
		t.Fatal(err)
	}
}
