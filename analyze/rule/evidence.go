package rule

import (
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/qianshao/qianshao"
)

// proof is a used hit on its way to a piece of evidence.
type proof struct {
	block *block
	hit   *hit
	rank  int
}

// Ranks of proofs, best first: what is cut when there are too many comes last.
const (
	rankConcealed = iota
	rankTitle
	rankPlain
	rankOther
	rankRepeated // the term has given proof already
)

// result turns the live detections into what fired.
func (e *evaluation) result(live []*detection) Result {
	holds := make([]bool, len(e.set.detections))
	for _, d := range live {
		holds[d.index] = e.verdict(d).holds() == yes
	}
	var out Result
	for _, r := range e.set.rules {
		if holds[r.detection.index] && r.Off == nil {
			fired := e.fired(r.detection)
			fired.Rule = r
			out.Fired = append(out.Fired, fired)
		}
	}
	for _, c := range e.set.contexts {
		if holds[c.detection.index] {
			fired := e.fired(c.detection)
			out.Contexts = append(out.Contexts, Context{Name: c.name, Title: c.title, Lowers: c.lowers, Evidence: fired.Evidence})
		}
	}
	e.setPositions(out)
	return out
}

// fired gathers the evidence of a detection that holds, without its lines and columns.
func (e *evaluation) fired(d *detection) Fired {
	whole := e.verdict(d)
	concealed := e.conceals && whole.alone().decide() == yes
	if concealed {
		whole.alone().collect(d.condition)
	}
	whole.collect(d.condition) // nothing, if only the concealed text fires
	var proofs []proof
	for _, b := range d.blocks {
		hits := e.states[b.index].hits
		for i := range hits {
			if hits[i].used {
				proofs = append(proofs, proof{block: b, hit: &hits[i]})
			}
		}
	}
	out := e.summary(proofs, concealed)
	out.Evidence = e.evidence(proofs, out.Concealed)
	return out
}

// summary counts what scoring needs. Unless what is concealed makes the
// condition true by itself, only what is not concealed counts.
func (e *evaluation) summary(proofs []proof, concealed bool) Fired {
	out := Fired{Concealed: concealed, Inert: len(proofs) > 0 && !concealed}
	terms := map[int32]bool{}
	for _, p := range proofs {
		region := &e.doc.Regions[p.hit.region]
		if !concealed && region.Hidden.Concealed() {
			continue
		}
		out.Inert = out.Inert && (region.Kind == qianshao.RegionComment || region.Kind == qianshao.RegionScript)
		out.Disguised = out.Disguised || p.hit.cost > plainCost
		terms[p.hit.term] = true
	}
	out.Terms = len(terms)
	return out
}

// evidence keeps the best proofs and puts them in the order of the source.
func (e *evaluation) evidence(proofs []proof, concealed bool) []qianshao.Evidence {
	e.rank(proofs, concealed)
	slices.SortStableFunc(proofs, func(x, y proof) int { return cmp.Compare(x.rank, y.rank) })
	out := make([]qianshao.Evidence, 0, min(len(proofs), qianshao.MaxEvidence))
	for _, p := range proofs {
		if len(out) == qianshao.MaxEvidence {
			break
		}
		piece := e.piece(p)
		same := func(x qianshao.Evidence) bool {
			return x.Span == piece.Span && x.Block == piece.Block && x.Term == piece.Term && x.Path == piece.Path && x.Text == piece.Text
		}
		if !slices.ContainsFunc(out, same) {
			out = append(out, piece)
		}
	}
	slices.SortStableFunc(out, func(x, y qianshao.Evidence) int {
		return cmp.Or(cmp.Compare(x.Span.Start, y.Span.Start), cmp.Compare(x.Span.End, y.Span.End),
			cmp.Compare(x.Block, y.Block), cmp.Compare(x.Term, y.Term))
	})
	return out
}

// rank orders the proofs in place: each term's best place first, so that fifty
// repeats of one word do not hide the others. Concealed proofs go first if they
// carry the finding, last if they merely joined in.
func (e *evaluation) rank(proofs []proof, concealed bool) {
	for i := range proofs {
		region := &e.doc.Regions[proofs[i].hit.region]
		switch {
		case region.Hidden.Concealed() && concealed:
			proofs[i].rank = rankConcealed
		case region.Hidden.Concealed():
			proofs[i].rank = rankOther
		case inTitle(region.Kind):
			proofs[i].rank = rankTitle
		case proofs[i].hit.cost <= plainCost:
			proofs[i].rank = rankPlain
		default:
			proofs[i].rank = rankOther
		}
	}
	slices.SortStableFunc(proofs, func(x, y proof) int { return cmp.Compare(x.rank, y.rank) })
	type shown struct {
		block *block
		term  int32
	}
	seen := make(map[shown]bool, len(proofs))
	for i, p := range proofs {
		if key := (shown{p.block, p.hit.term}); seen[key] {
			proofs[i].rank += rankRepeated
		} else {
			seen[key] = true
		}
	}
}

func (e *evaluation) piece(p proof) qianshao.Evidence {
	region := &e.doc.Regions[p.hit.region]
	start, end := int(p.hit.start), int(p.hit.end)
	span := region.SourceSpan(start, end)
	source := region.Text[start:end]
	if span.Start >= 0 && span.End <= len(e.doc.Source) && span.Start < span.End {
		source = e.doc.Source[span.Start:span.End]
	}
	return qianshao.Evidence{
		Block:  p.block.name,
		Term:   e.termText(p.hit.term),
		Text:   cut(source, qianshao.MaxEvidenceText),
		Steps:  p.hit.steps.Names(),
		Region: region.Kind,
		Name:   region.Name,
		Hidden: region.Hidden,
		Path:   region.Path,
		Span:   span,
		Before: lastCharacters(region.Text[:start], qianshao.EvidenceContext),
		After:  firstCharacters(region.Text[end:], qianshao.EvidenceContext),
	}
}

func (e *evaluation) termText(term int32) string {
	if i := int(term) - len(e.set.terms); i >= 0 {
		return e.set.patterns[i].text
	}
	return e.set.terms[term].text
}

// cut shortens s to at most n bytes, at a character's end.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

func firstCharacters(s string, n int) string {
	at := 0
	for ; n > 0 && at < len(s); n-- {
		_, size := utf8.DecodeRuneInString(s[at:])
		at += size
	}
	return s[:at]
}

func lastCharacters(s string, n int) string {
	at := len(s)
	for ; n > 0 && at > 0; n-- {
		_, size := utf8.DecodeLastRuneInString(s[:at])
		at -= size
	}
	return s[at:]
}

// setPositions fills in lines and columns in one walk over the source. They
// are those of Document.Position, which would count each column from the
// line's beginning: too dear on a page of 20 MB in one line.
func (e *evaluation) setPositions(r Result) {
	var all []*qianshao.Evidence
	for i := range r.Fired {
		all = appendPointers(all, r.Fired[i].Evidence)
	}
	for i := range r.Contexts {
		all = appendPointers(all, r.Contexts[i].Evidence)
	}
	setPositions(e.doc.Source, all)
}

func appendPointers(all []*qianshao.Evidence, pieces []qianshao.Evidence) []*qianshao.Evidence {
	for i := range pieces {
		all = append(all, &pieces[i])
	}
	return all
}

func setPositions(source string, all []*qianshao.Evidence) {
	slices.SortStableFunc(all, func(x, y *qianshao.Evidence) int { return cmp.Compare(x.Span.Start, y.Span.Start) })
	line, column, at := 1, 1, 0
	for _, piece := range all {
		start := min(max(piece.Span.Start, at), len(source))
		passed := source[at:start]
		if newlines := strings.Count(passed, "\n"); newlines > 0 {
			line += newlines
			column = 1
			passed = passed[strings.LastIndexByte(passed, '\n')+1:]
		}
		column += utf8.RuneCountInString(passed)
		at = start
		piece.Line, piece.Column = line, column
	}
}
