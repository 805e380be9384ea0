package bleveindex

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/blevesearch/bleve/v2/document"
	bleveapi "github.com/blevesearch/bleve_index_api"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/index"
)

// Fields of a bleve document.
const (
	fieldID            = "_id"   // bleve's own
	fieldText          = "text"  // title, terms of disguised evidence, page text
	fieldTitle         = "title" // the title again, for title:
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
	fieldVerdict       = "verdict"  // a qianshao.Answer; no value for qianshao.AnswerNone, which is the most frequent
	fieldAssignee      = "assignee" // index.Nobody for nobody
	fieldDecidedBy     = "decided_by"
	fieldCampaign      = "campaign"
	fieldParked        = "parked" // true or false
	fieldHit           = "hit"    // stored: JSON of index.Hit
)

const (
	keywordOptions = bleveapi.IndexField | bleveapi.SkipFreqNorm
	facetOptions   = keywordOptions | bleveapi.DocValues // columns of times read them, and so does bleve's own search, used for comparison in benchmarks
)

// document builds the document of a finding. failed says, once the batch is written, whether folding its
// text panicked.
func (x *Index) document(e *qianshao.FindingRecord, failed *atomic.Bool) (*document.Document, error) {
	f := &e.Finding
	if f.ID == "" {
		return nil, errors.New("a finding without id")
	}
	doc := document.NewDocument(f.ID)
	title, text := index.Texts(e)
	doc.AddField(&textField{name: fieldTitle, text: title, fold: x.fold, failed: failed})
	doc.AddField(&textField{name: fieldText, text: text, fold: x.fold, failed: failed})

	keyword := func(name, value string, options bleveapi.FieldIndexingOptions) {
		if value != "" {
			doc.AddField(document.NewTextFieldCustom(name, nil, []byte(index.Keyword(value)), options, nil))
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
	if index.IsWhole(f.Authorisation) {
		keyword(fieldAuthorisation, f.Authorisation, keywordOptions)
	}
	keyword(fieldHidden, index.Flag(f.Hidden).String(), keywordOptions)
	keyword(fieldScore, scoreKey(f.Score), facetOptions)
	for _, key := range index.IndicatorKeys(f) {
		keyword(fieldIndicator, key, keywordOptions)
	}
	for _, parent := range index.ParentHosts(e.Host) {
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

	hit, err := json.Marshal(index.HitOf(e))
	if err != nil {
		return nil, fmt.Errorf("writing the hit: %w", err)
	}
	doc.AddField(document.NewTextFieldCustom(fieldHit, nil, hit, bleveapi.StoreField, nil))
	return doc, nil
}

// scoreKey writes a score so that texts sort as the numbers do.
func scoreKey(score int) string {
	return fmt.Sprintf("%03d", min(max(score, 0), qianshao.MaxScore))
}

// timeKey writes a time in milliseconds since 1970 so that texts sort as the times do: one term, where
// bleve's own numbers take sixteen.
func timeKey(t time.Time) string { return fmt.Sprintf("%016x", uint64(t.UnixMilli())^1<<63) }

// parseTime reads what timeKey wrote.
func parseTime(key []byte) (milliseconds int64, err error) {
	n, err := strconv.ParseUint(string(key), 16, 64)
	return int64(n ^ 1<<63), err
}
