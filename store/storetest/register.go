package storetest

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/store"
)

func testAuthorisations(t *testing.T, open Open) {
	s := open(t)
	a := qianshao.Authorisation{
		ID: "city-2026", Owner: "市教育局", Basis: "合同 2026-17", Contact: "it@example.cn", ValidFrom: base, ValidUntil: base.AddDate(1, 0, 0),
		Hosts: []string{"*.example.cn", "example.cn:8080"}, Include: []string{"/news/"}, Exclude: []string{"/news/private"},
		Rate: 0.5, AllowPrivate: true, NoQueries: true, Seeds: []string{"http://example.cn:8080/"},
		RevisitMin: time.Hour, RevisitMax: 7 * 24 * time.Hour, RobotsWaiver: "合同附件 3",
		Views: []qianshao.View{qianshao.ViewSearchVisitor}, CrawlerBasis: "合同附件 4",
	}
	b := qianshao.Authorisation{ID: "b", ValidFrom: base, ValidUntil: base}
	check(t, s.PutAuthorisations(t.Context(), byTest, []qianshao.Authorisation{a, b}))
	b.Owner = "changed"
	check(t, s.PutAuthorisations(t.Context(), byTest, []qianshao.Authorisation{b}))
	got, err := s.Authorisations(t.Context())
	if diff := cmp.Diff([]qianshao.Authorisation{b, a}, got); err != nil || diff != "" {
		t.Errorf("error %v, (-want +got):\n%s", err, diff)
	}
	one, err := s.Authorisation(t.Context(), "city-2026")
	if diff := cmp.Diff(a, one); err != nil || diff != "" {
		t.Errorf("error %v, (-want +got):\n%s", err, diff)
	}
	if _, err := s.Authorisation(t.Context(), "none"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("an unknown id: %v, want store.ErrNotFound", err)
	}
	if err := s.PutAuthorisations(t.Context(), byTest, []qianshao.Authorisation{{ID: "c"}, {}}); err == nil {
		t.Error("an authorisation without id is accepted")
	}
	if _, err := s.Authorisation(t.Context(), "c"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("half of a refused list was kept: %v", err)
	}
	check(t, s.PutAuthorisations(t.Context(), byTest, []qianshao.Authorisation{{ID: "no times"}}))
	if got, err := s.Authorisation(t.Context(), "no times"); err != nil || !got.ValidFrom.IsZero() || !got.ValidUntil.IsZero() {
		t.Errorf("zero times come back as %v and %v, error %v", got.ValidFrom, got.ValidUntil, err)
	}
}
