package evidence_test

import (
	"path/filepath"
	"testing"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/evidence"
	"github.com/qianshao/qianshao/evidence/bucket"
	"github.com/qianshao/qianshao/store/sqlite"
	"github.com/qianshao/qianshao/store/sqlstore"
)

// TestCopyTo: a copy has what its ledger has, whatever was added or deleted before.
// Records that were deleted since the ledger was copied are reported as problems of the
// copy, and DeletedSince tells why.
func TestCopyTo(t *testing.T) {
	t.Parallel()
	a := temp(t)
	a.add(t, aged(1, 400, qianshao.Gambling))
	a.add(t, aged(2, 1, qianshao.Gambling))
	before, _ := copied(t, a, func() { a.add(t, aged(3, 400, qianshao.Fraud)) })
	if before.Files != 2 || before.Deleted != 0 || before.Records >= a.sound(t).Records {
		t.Errorf("%+v", before)
	}
	remove := func(category qianshao.Category) {
		t.Helper()
		policy := evidence.Policy{Days: map[qianshao.Category]int{category: 30}}
		if err := a.Delete(t.Context(), expired(t, a, policy)); err != nil {
			t.Fatal(err)
		}
	}
	if v, problems := copied(t, a, func() { remove(qianshao.Gambling) }); len(problems) == 0 {
		t.Errorf("records were cut out meanwhile: %+v", v)
	}
	after, problems := copied(t, a, func() {})
	if want := a.sound(t); len(problems) > 0 || after.Deleted == 0 || after.Records != want.Records || after.Bytes != want.Bytes {
		t.Errorf("%+v, want %+v; %v", after, want, problems)
	}
}

// copied copies the ledger, calls between and copies the archive; it returns what
// Verify says about the copy.
func copied(t *testing.T, a archive, between func()) (v evidence.Verified, problems []string) {
	t.Helper()
	folder := t.TempDir()
	if err := a.store.Snapshot(t.Context(), filepath.Join(folder, "qianshao.db")); err != nil {
		t.Fatal(err)
	}
	between()
	ledger, err := sqlstore.New(sqlite.Open(t.Context(), filepath.Join(folder, "qianshao.db")))
	if err != nil {
		t.Fatal(err)
	}
	defer ledger.Close()
	living, err := evidence.New(evidence.Options{Bucket: bucket.NewFolder(a.folder), Ledger: ledger})
	if err != nil {
		t.Fatal(err)
	}
	state, err := ledger.EvidenceState(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := living.CopyTo(t.Context(), bucket.NewFolder(filepath.Join(folder, "evidence"))); err != nil {
		t.Fatal(err)
	}
	c := open(t, folder)
	problems, v = c.problems(t, evidence.Head{})
	if deleted, err := a.DeletedSince(t.Context(), state.Gone); err != nil || deleted != (len(problems) > 0) {
		t.Errorf("deleted since the copy: %v, %v; its problems: %v", deleted, err, problems)
	}
	return v, problems
}
