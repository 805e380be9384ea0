package bleveindex

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/blevesearch/bleve/v2/document"
	bleveapi "github.com/blevesearch/bleve_index_api"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/index"
)

// Fields of a bleve document.
const (
	fieldID            = "_id"   // bleve's own
	fieldText          = "text"  // title, terms of disguised evidence, page text
	fieldTitle         = "title" // the title once more, for title:
	fieldCategory      = "category"
	fieldLevel         = "level" // its name
	fieldHost          = "host"
	fieldSubdomainOf   = "subdomain_of" // each host that this one is a subdomain of
	fieldRule          = "rule"
	fieldURL           = "url"
	fieldAuthorisation = "authorisation"
	fieldHidden        = "hidden" // true or false
	fieldState         = "state"  // open or gone
	fieldScore         = "score"  // three digits
	fieldSeen          = "seen"   // a timeKey
	fieldNew           = "new"    // a timeKey
	fieldDay           = "day"    // of LastSeen, in the index's zone
	fieldIndicator     = "indicator"
	fieldVerdict       = "verdict"  // a qianshao.Answer; none for qianshao.AnswerNone, which most have
	fieldAssignee      = "assignee" // index.Nobody for nobody
	fieldDecidedBy     = "decided_by"
	fieldCampaign      = "campaign"
	fieldParked        = "parked" // true or false
	fieldHit           = "hit"    // stored: JSON of index.Hit
)

// Limits of what one document takes of a hostile page.
const (
	// maxText bounds the bytes of a field's text: each character becomes a
	// token of up to 120 bytes while a batch is built. It is above the store's
	// MaxPageText, title and terms included.
	maxText = 1 << 20
	// maxKeyword bounds a URL in bytes; no query can name a longer prefix.
	maxKeyword = 4 * index.MaxQueryLength
	// maxShown bounds the title and the evidence of a hit, in characters.
	maxShown = 300
)

const (
	keywordOptions = bleveapi.IndexField | bleveapi.SkipFreqNorm
	facetOptions   = keywordOptions | bleveapi.DocValues // columns of times read them, and so does bleve's search, with which benchmarks compare ours
)

// document builds what is indexed of a finding. failed tells whether folding it
// panicked, once the batch is written.
func (x *Index) document(e *qianshao.FindingRecord, failed *atomic.Bool) (*document.Document, error) {
	f := &e.Finding
	if f.ID == "" {
		return nil, errors.New("a finding without id")
	}
	doc := document.NewDocument(f.ID)
	text := func(name string, parts ...string) {
		doc.AddField(&textField{name: name, text: cut(strings.Join(parts, "\n"), maxText), fold: x.fold, failed: failed})
	}
	text(fieldTitle, flat(e.PageTitle))
	text(fieldText, append(append([]string{flat(e.PageTitle)}, index.DisguisedTerms(f)...), e.PageText)...)

	keyword := func(name, value string, options bleveapi.FieldIndexingOptions) {
		if value != "" {
			value = cut(strings.ToValidUTF8(value, "\uFFFD"), maxKeyword)
			doc.AddField(document.NewTextFieldCustom(name, nil, []byte(value), options, nil))
		}
	}
	keyword(fieldCategory, string(f.Category), facetOptions)
	keyword(fieldLevel, f.Level.String(), facetOptions)
	keyword(fieldState, string(e.State()), facetOptions)
	keyword(fieldHost, e.Host, facetOptions)
	for _, rule := range f.Rules() {
		keyword(fieldRule, rule, facetOptions)
	}
	keyword(fieldDay, e.LastSeen.In(x.zone).Format(time.DateOnly), facetOptions)
	keyword(fieldURL, f.URL, keywordOptions)
	if isWhole(f.Authorisation) {
		keyword(fieldAuthorisation, f.Authorisation, keywordOptions)
	}
	keyword(fieldHidden, index.Flag(f.Hidden).String(), keywordOptions)
	keyword(fieldScore, scoreKey(f.Score), facetOptions)
	for _, key := range index.IndicatorKeys(f) {
		keyword(fieldIndicator, key, keywordOptions)
	}
	for _, parent := range parents(e.Host) {
		keyword(fieldSubdomainOf, parent, keywordOptions)
	}
	if e.Review.Answer != qianshao.AnswerNone {
		keyword(fieldVerdict, string(e.Review.Answer), facetOptions)
	}
	keyword(fieldAssignee, cmp.Or(e.Review.Assignee, index.Nobody), keywordOptions)
	keyword(fieldDecidedBy, e.Review.DecidedBy, keywordOptions)
	keyword(fieldParked, index.Flag(e.Review.Parked).String(), keywordOptions)
	for _, id := range e.Review.Campaigns {
		keyword(fieldCampaign, id, keywordOptions)
	}
	keyword(fieldSeen, timeKey(e.LastSeen), facetOptions)
	keyword(fieldNew, timeKey(e.FirstSeen), facetOptions)

	hit, err := json.Marshal(hitOf(e))
	if err != nil {
		return nil, fmt.Errorf("writing the hit: %w", err)
	}
	doc.AddField(document.NewTextFieldCustom(fieldHit, nil, hit, bleveapi.StoreField, nil))
	return doc, nil
}

// isWhole says whether a value is indexed as it is. An authorisation that is not is
// left out: cut, it might become another one, whose findings others may see.
func isWhole(value string) bool { return len(value) <= maxKeyword && utf8.ValidString(value) }

func hitOf(e *qianshao.FindingRecord) index.Hit {
	f := &e.Finding
	h := index.Hit{
		ID: f.ID, URL: f.URL, Host: e.Host, Title: cutRunes(e.PageTitle, maxShown), Rule: f.Rule,
		Category: f.Category, Level: f.Level, Score: f.Score, Hidden: f.Hidden,
		State: e.State(), FirstSeen: millis(e.FirstSeen), LastSeen: millis(e.LastSeen),
		Verdict: cmp.Or(e.Review.Answer, qianshao.AnswerNone), Assignee: e.Review.Assignee, Parked: e.Review.Parked,
	}
	if len(e.Review.Campaigns) > 0 {
		h.Campaign = e.Review.Campaigns[0]
	}
	if ev, ok := f.Primary(); ok {
		h.Evidence = cutRunes(ev.Before+ev.Text+ev.After, maxShown)
	}
	return h
}

// millis is the grain in which the index and the store keep times.
func millis(t time.Time) time.Time { return t.UTC().Truncate(time.Millisecond) }

// scoreKey writes a score so that text order is number order.
func scoreKey(score int) string {
	return fmt.Sprintf("%03d", min(max(score, 0), qianshao.MaxScore))
}

// timeKey writes a time in milliseconds since 1970 so that text order is the order of
// times: one term, where bleve's own numbers take sixteen each.
func timeKey(t time.Time) string { return fmt.Sprintf("%016x", uint64(t.UnixMilli())^1<<63) }

// parseTime reads what timeKey wrote.
func parseTime(key []byte) (milliseconds int64, err error) {
	n, err := strconv.ParseUint(string(key), 16, 64)
	return int64(n ^ 1<<63), err
}

// parents returns what a host is a subdomain of: b.example.cn, example.cn and
// cn for a.b.example.cn.
func parents(host string) []string {
	var list []string
	for {
		_, rest, ok := strings.Cut(host, ".")
		if !ok || rest == "" {
			return list
		}
		list, host = append(list, rest), rest
	}
}

// flat keeps a title in one line, so that a phrase is found across its breaks.
func flat(title string) string { return strings.ReplaceAll(title, "\n", " ") }

// cut shortens text to at most n bytes, at the end of a character.
func cut(text string, n int) string {
	if len(text) <= n {
		return text
	}
	for n > 0 && !utf8.RuneStart(text[n]) {
		n--
	}
	return text[:n]
}

// cutRunes shortens text to at most n characters.
func cutRunes(text string, n int) string {
	for i := range text {
		if n--; n < 0 {
			return text[:i] + "…"
		}
	}
	return text
}
