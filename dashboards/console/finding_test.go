package console

import (
	"testing"

	"github.com/qianshao/qianshao"
)

// TestScriptHits: all evidence in an external script has the span of its element, and several
// blocks may find it. Each hit must be listed once, even if others are between.
func TestScriptHits(t *testing.T) {
	t.Parallel()
	hit := func(block, term, before string) qianshao.Evidence {
		return qianshao.Evidence{Block: block, Term: term, Text: term, Before: before, Script: "https://a.example/b.js", Region: qianshao.RegionText, Span: qianshao.Span{Start: 66, End: 66}}
	}
	var p place
	for _, e := range []qianshao.Evidence{
		hit("game", "百家乐", ""), hit("game", "时时彩", "百家乐 "), hit("strong", "百家乐", ""), hit("strong", "百家乐", "百家乐 时时彩 "),
	} {
		p.add(e)
	}
	if len(p.Hits) != 3 || len(p.Hits[0].Blocks) != 2 {
		t.Errorf("%d hits, the first of blocks %q; want 3, the first of game and strong", len(p.Hits), p.Hits[0].Blocks)
	}
}
