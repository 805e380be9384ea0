package engine

import (
	"slices"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze/rule/explain"
	"github.com/qianshao/qianshao/analyze/rule/syntax"
	"github.com/qianshao/qianshao/locales"
)

// Explain judges the document by one rule or context, runs every regular expression, and reports
// what each part found.
func (e *Engine) Explain(doc *qianshao.Document, id string) explain.Explanation {
	at := slices.IndexFunc(e.detections, func(d *detection) bool { return d.ID == id })
	if at < 0 {
		return explain.Explanation{ID: id}
	}
	d, v := e.detections[at], e.newPage(doc)
	defer v.release()
	v.trace = trace{}
	v.scan()
	v.runRegexes([]*detection{d})
	v.dropChance(d)
	o := v.outcome(d)
	if v.page.conceals && o.decide() != syntax.Yes && o.alone().decide() == syntax.Yes {
		o = o.alone()
	}
	out := explain.Explanation{ID: id, Known: true, Holds: o.holds() == syntax.Yes, Condition: o.part(d.Condition)}
	if out.Holds {
		_, hits := v.fired(d)
		out.Scattered = hits == nil
		out.ForPrograms = hits != nil && v.forPrograms(hits)
		out.Holds = !out.Scattered && !out.ForPrograms
	}
	if !v.judges(d) {
		out.Judges, out.Holds = d.rule.Judges, false
	}
	for i := range d.blocks {
		out.Blocks = append(out.Blocks, o.report(i))
	}
	return out
}

func (o outcome) part(c *syntax.Condition) explain.Part {
	out := explain.Part{Text: c.Text, Holds: c.Eval(o.block, o.near) == syntax.Yes}
	for _, part := range c.Parts {
		out.Parts = append(out.Parts, o.part(part))
	}
	return out
}

func (o outcome) report(local int) explain.Block {
	b, st := o.d.blocks[local], o.state(local)
	out := explain.Block{Name: b.name, Length: b.length.message(), Holds: o.block(local) == syntax.Yes, Weight: int(st.strong), Min: int(b.min), Total: len(st.hits)}
	if o.corroborated(local) {
		out.Weight = int(st.all)
	}
	weak, isolated := 0, 0
	pieces := make([]*qianshao.Evidence, 0, explain.MaxHits)
	out.Hits = make([]qianshao.Evidence, 0, explain.MaxHits)
	for i := range st.hits {
		if st.hits[i].weak {
			weak++
		}
		if st.hits[i].isolated {
			isolated++
		}
		if len(out.Hits) < explain.MaxHits {
			out.Hits = append(out.Hits, o.e.piece(rankedHit{block: b, hit: &st.hits[i]}))
			pieces = append(pieces, &out.Hits[len(out.Hits)-1])
		}
	}
	setPositions(o.e.page.doc.Source, pieces)
	if drops := o.e.trace[b.index]; drops != nil {
		out.Dropped = drops.Messages()
	}
	if weak > 0 && !o.corroborated(local) {
		out.Dropped = append(out.Dropped, locales.M("explain.weak", weak))
	}
	if isolated > 0 {
		out.Dropped = append(out.Dropped, locales.M("explain.isolated", isolated, b.min, b.within))
	}
	switch {
	case !out.Holds && b.lengthOnly:
		out.Missing = locales.M("explain.no_region", b.length.message())
	case !out.Holds:
		out.Missing = locales.M("explain.needs", b.min, out.Weight)
	}
	return out
}

// trace records, by block, the dropped hits of a page that is being explained.
type trace map[int32]*explain.Drops

// whyNotRead says why a block does not read the open region.
func (e *evaluation) whyNotRead(b *block) explain.Reason {
	region := e.page.traits[e.open.index]
	region.chars = b.length.min // as if its length were right
	if b.reads(&region) {
		return explain.WrongLength
	}
	return explain.OutsideRegions
}

// drop records, while explaining, that a hit does not count.
func (e *evaluation) drop(b *block, h *hit, reason explain.Reason) {
	if e.trace == nil {
		return
	}
	drops := e.trace[b.index]
	if drops == nil {
		drops = new(explain.Drops)
		e.trace[b.index] = drops
	}
	if drops.Add(reason) {
		source, detail := e.page.doc.Regions[h.region].Text, locales.Message{}
		switch reason {
		case explain.Allowed:
			detail = locales.M("explain.brackets", e.allowed.withheld[b.owner])
		case explain.WrongLength:
			detail = locales.M("explain.length.first", e.page.traits[h.region].chars, b.length.message())
		}
		drops.Show(reason, lastCharacters(source[:h.start], 5)+"["+syntax.Cut(source[h.start:h.end], qianshao.MaxEvidenceText)+"]"+firstCharacters(source[h.end:], 5), detail)
	}
}
