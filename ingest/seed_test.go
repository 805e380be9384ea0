package ingest_test

import (
	"testing"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/ingest"
)

// TestChangedRegister: a URL that a running collector refused by the old
// register is visited once the collector knows the new one.
func TestChangedRegister(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(a *qianshao.Authorisation) { a.RobotsWaiver = "w" }, "a.example")
	b.web.put("a.example/", "x")
	b.web.put("a.example/late", "y")
	full := b.opts.Scope()
	narrow := full.Authorisations()[0]
	narrow.Include = []string{"/late"}
	scope, err := ingest.NewScope([]qianshao.Authorisation{narrow})
	if err != nil {
		t.Fatal(err)
	}
	b.opts.Scope = func() *ingest.Scope { return scope }
	seeder := ingest.NewSeeder(ingest.SeedOptions{
		Fetcher: b.opts.Fetcher, Frontier: b.store, Scope: b.opts.Scope, Changed: b.store.Recall, Now: time.Now,
	})
	if err := b.store.Add(t.Context(), []ingest.Item{{URL: "http://a.example/", Host: "a.example", Authorisation: "test"}}); err != nil {
		t.Fatal(err)
	}
	round := func() {
		t.Helper()
		if err := seeder.Round(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := b.run(t); err != nil {
			t.Fatal(err)
		}
	}
	round()
	round() // the register is the same
	if b.skipped["http://a.example/"] != qianshao.SkipPathExcluded || b.handled["http://a.example/late"] != 1 {
		t.Fatalf("skipped %v, handled %v", b.skipped, b.handled)
	}
	scope = full
	round()
	if b.handled["http://a.example/"] != 1 {
		t.Errorf("handled %v", b.handled)
	}
}
