package datafolder

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/index"
	"github.com/qianshao/qianshao/internal/backends"
	"github.com/qianshao/qianshao/store"
	"github.com/qianshao/qianshao/store/sqlite/sqlitetest"
)

// choosy is an index that refuses some findings.
type choosy struct {
	index.Index
	refuses map[string]bool
	has     []string
}

var errRefused = errors.New("refused")

func (x *choosy) Put(_ context.Context, findings []qianshao.FindingRecord, _ int64) error {
	for i := range findings {
		if x.refuses[findings[i].Finding.ID] {
			return errRefused
		}
	}
	for i := range findings {
		x.has = append(x.has, findings[i].Finding.ID)
	}
	return nil
}

// TestIndexRefusesOne: a finding that the index refuses does not hold up the others, and is tried
// again. A finding that changed several times is indexed once.
func TestIndexRefusesOne(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	db, err := Options{Data: sqlitetest.Folder(t)}.openStore(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var ids []string
	for n := range 5 {
		url := fmt.Sprintf("http://a.example/%d", n)
		ids = append(ids, qianshao.FindingID(url, "gambling"))
		for range 2 {
			if _, err := db.SavePage(ctx, store.Save{
				Page: qianshao.Page{URL: url, FetchedAt: time.Now(), Status: 200, Body: []byte("赌")}, Document: &qianshao.Document{Source: "赌"},
				Assessment: qianshao.Assessment{Level: qianshao.LevelHigh, Findings: []qianshao.Finding{{ID: ids[n], URL: url, Level: qianshao.LevelHigh}}},
			}); err != nil {
				t.Fatal(err)
			}
		}
	}
	x := &choosy{refuses: map[string]bool{ids[2]: true}}
	want := func(what string, count int, failure error, pending int) {
		t.Helper()
		n, err := FeedIndex(ctx, x, db)
		if n != count || !errors.Is(err, failure) {
			t.Errorf("%s: %d indexed, %v", what, n, err)
		}
		if b, err := db.Backlog(ctx, store.ConsumerIndex); err != nil || b.Findings != pending {
			t.Errorf("%s: %d pending, %v", what, b.Findings, err)
		}
	}
	want("one is refused", 4, errRefused, 1)
	want("it is still refused", 0, errRefused, 1)
	x.refuses = nil
	want("it is taken", 1, nil, 0)
	want("nothing is left", 0, nil, 0)
	slices.Sort(ids)
	slices.Sort(x.has)
	if !slices.Equal(x.has, ids) {
		t.Errorf("indexed %v, want %v", x.has, ids)
	}
}

// slow is an index with a purge that lasts until the index has been updated with what is found
// meanwhile.
type slow struct {
	choosy
	found func()
	told  chan struct{}
}

func (x *slow) Put(ctx context.Context, findings []qianshao.FindingRecord, seq int64) error {
	if x.has != nil { // it has been updated
		close(x.told)
	}
	return x.choosy.Put(ctx, findings, seq)
}

func (*slow) Delete(context.Context, []string, int64) error { return nil }

func (x *slow) Purge(ctx context.Context, _ *qianshao.FindingRecord) error {
	x.found()
	select {
	case <-x.told:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// TestFeedMeanwhile: while an index on a cluster is purged, it is updated with new findings.
// Findings that are deleted meanwhile are left for the next purge.
func TestFeedMeanwhile(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	db, err := Options{Data: sqlitetest.Folder(t)}.openStore(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	save := func(n int) (id string) {
		url := fmt.Sprintf("http://a.example/%d", n)
		id = qianshao.FindingID(url, "gambling")
		if _, err := db.SavePage(ctx, store.Save{
			Page: qianshao.Page{URL: url, FetchedAt: time.Now(), Status: 200, Body: []byte("赌")}, Document: &qianshao.Document{Source: "赌"},
			Assessment: qianshao.Assessment{Level: qianshao.LevelHigh, Findings: []qianshao.Finding{{ID: id, URL: url, Level: qianshao.LevelHigh}}},
		}); err != nil {
			t.Error(err)
		}
		return id
	}
	remove := func(id string) {
		if n, err := db.DeleteFindings(ctx, []store.Deletion{{Finding: id, At: time.Now(), Reason: "test"}}); n != 1 || err != nil {
			t.Errorf("%d deleted, %v", n, err)
		}
	}
	first, second, last := save(1), save(2), ""
	x := &slow{told: make(chan struct{}), found: func() { remove(second); last = save(3) }}
	remove(first)
	if n, err := feedMeanwhile(ctx, x, db); n < 3 || err != nil {
		t.Errorf("%d indexed, %v", n, err)
	}
	if want := []string{second, last}; !slices.Equal(x.has, want) {
		t.Errorf("indexed %v, want %v", x.has, want)
	}
	left, err := db.Pending(ctx, store.ConsumerIndex, 0, 10)
	if err != nil || len(left) != 1 || left[0].Finding != second {
		t.Errorf("remaining %+v, %v", left, err)
	}
}

// TestOpenCalledOff: cancelling a search while the index is being opened does not make the next
// search fail.
func TestOpenCalledOff(t *testing.T) {
	t.Parallel()
	cluster, err := Options{Backends: backends.Options{Index: backends.Place{Address: "http://127.0.0.1:1"}}}.cluster()
	if err != nil {
		t.Fatal(err)
	}
	x := &sharedIndex{cluster: cluster}
	off, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := x.open(off); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	for range 2 {
		if _, err := x.open(t.Context()); !errors.Is(err, index.ErrUnavailable) || errors.Is(err, context.Canceled) {
			t.Errorf("the next one: %v", err)
		}
	}
}
