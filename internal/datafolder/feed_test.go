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

// TestIndexRefusesOne: a finding that the index refuses keeps no other one out, and is
// told again; many changes of one finding are told once.
func TestIndexRefusesOne(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	db, err := Options{Data: t.TempDir()}.openStore(ctx)
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
			t.Errorf("%s: %d told, %v", what, n, err)
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
		t.Errorf("told %v, want %v", x.has, ids)
	}
}

// TestOpenCalledOff: a search that is called off while the index is opened does not fail the next one.
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
		t.Errorf("called off: %v", err)
	}
	for range 2 {
		if _, err := x.open(t.Context()); !errors.Is(err, index.ErrUnavailable) || errors.Is(err, context.Canceled) {
			t.Errorf("the next one: %v", err)
		}
	}
}
