package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/.ci/bench/made"
	"github.com/qianshao/qianshao/analyze"
	"github.com/qianshao/qianshao/analyze/fold"
	"github.com/qianshao/qianshao/analyze/match"
	"github.com/qianshao/qianshao/analyze/packs"
	"github.com/qianshao/qianshao/analyze/rule"
	"github.com/qianshao/qianshao/analyze/token"
	"github.com/qianshao/qianshao/internal/headlines"
	"github.com/qianshao/qianshao/store"
	"github.com/qianshao/qianshao/store/sqlite"
	"github.com/qianshao/qianshao/store/sqlstore"
)

// input is some work for which instructions are counted.
type input struct {
	name string
	run  func() error
}

// measure runs each input once, so that everything that is built on first use is there, and counts
// the second run.
func measure() error {
	folder, err := os.MkdirTemp("", "instructions")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	pages, err := pageInputs()
	if err != nil {
		return err
	}
	parts, err := partInputs(folder)
	if err != nil {
		return err
	}
	for _, in := range append(pages, parts...) {
		if err := in.run(); err != nil {
			return fmt.Errorf("%s: %w", in.name, err)
		}
		counted(in.name, func() { err = in.run() })
		if err != nil {
			return fmt.Errorf("%s: %w", in.name, err)
		}
	}
	return nil
}

// pageInputs are pages that are judged by the shipped rules, as in a crawl.
func pageInputs() ([]input, error) {
	rules, err := rule.Load(packs.FS(), rule.Options{})
	if err != nil {
		return nil, err
	}
	analyzer, err := analyze.New(rules)
	if err != nil {
		return nil, err
	}
	if err := analyzer.Engine().Prepare(); err != nil {
		return nil, err
	}
	gbk, err := made.GBK(made.Article(60_000))
	if err != nil {
		return nil, err
	}
	var inputs []input
	for _, page := range []struct {
		name string
		body []byte
	}{
		{"article", made.Article(60_000)}, {"casino", made.Casino(40_000)}, {"hidden links", made.Hidden(40_000)},
		{"GBK", gbk}, {"tables", made.Tables(150_000)}, {"scripts", made.Scripted(60_000)},
	} {
		inputs = append(inputs, input{page.name, func() error {
			analyzer.Assess(qianshao.Page{URL: "http://site.example/", ContentType: "text/html", Body: page.body})
			return nil
		}})
	}
	messages := made.Messages(100)
	return append(inputs, input{"messages", func() error {
		for _, text := range messages {
			analyzer.Assess(qianshao.Page{URL: "message", As: qianshao.FormMessage, ContentType: "text/plain; charset=utf-8", Body: []byte(text)})
		}
		return nil
	}}), nil
}

// partInputs are parts that a page alone does not test: a long list of terms, words, the store.
func partInputs(folder string) ([]input, error) {
	words, err := headlines.Open("analyze/token/dictionary.txt.gz")
	if err != nil {
		return nil, err
	}
	matcher, err := match.Compile(words.Names(100_000))
	if err != nil {
		return nil, err
	}
	text := words.Text(1, 200_000)
	var folded fold.Text
	segmenter := token.New()
	db, err := sqlstore.New(sqlite.Open(context.Background(), filepath.Join(folder, "qianshao.db")))
	if err != nil {
		return nil, err
	}
	saved := 0
	return []input{
		{"100,000 names", func() error {
			folded.Fold(text)
			matcher.Scan(&folded, func(match.Hit) {})
			return nil
		}},
		{"words", func() error {
			segmenter.Words(text)
			return nil
		}},
		{"findings saved", func() error {
			for range 20 {
				saved++
				if _, err := db.SavePage(context.Background(), flagged(saved)); err != nil {
					return err
				}
			}
			return nil
		}},
	}, nil
}

// flagged is a page with one finding. n is its number.
func flagged(n int) store.Save {
	url, text := fmt.Sprintf("http://h%d.example/%d", n%5, n), made.Text(3_000)
	return store.Save{
		Page:     qianshao.Page{URL: url, FetchedAt: time.Unix(1_790_000_000+int64(n), 0), Status: 200, Body: []byte(text)},
		Document: &qianshao.Document{Source: text, Title: "标题", Regions: []qianshao.Region{{Text: text}}},
		Assessment: qianshao.Assessment{Level: qianshao.LevelHigh, Findings: []qianshao.Finding{{
			ID: qianshao.FindingID(url, string(qianshao.Gambling)), URL: url, Rule: "gambling-casino-promotion", Category: qianshao.Gambling,
			Level: qianshao.LevelHigh, Score: 70, Evidence: []qianshao.Evidence{{Term: "注册送", Text: "注册送", Before: "，", After: "彩金"}},
		}}},
	}
}
