package sqlite

import (
	"errors"
	"testing"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/ingest"
	"github.com/qianshao/qianshao/store"
)

// TestSubmissionsAreBounded is not part of the contract's suite, since to hand
// in ten thousand pages one by one takes minutes on a slow disk.
func TestSubmissionsAreBounded(t *testing.T) {
	s, ctx := temp(t), t.Context()
	_, err := s.write.Exec(`
WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1)
INSERT INTO submissions (id, url, category, reports, first_reported, last_reported, waits_for)
SELECT i, i, '', 1, 0, 0, 'not_authorised' FROM n`, store.MaxWaiting)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Submit(ctx, "http://a.example/", "", nil, qianshao.SkipNotAuthorised, base); !errors.Is(err, store.ErrTooManyWaiting) {
		t.Errorf("one more waits: %v", err)
	}
	item := ingest.Item{URL: "http://b.example/", Host: "b.example"}
	if _, err := s.Submit(ctx, item.URL, "", &item, "", base); err != nil {
		t.Errorf("what is authorised need not wait: %v", err)
	}
}
