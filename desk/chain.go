package desk

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/locales"
)

// chainVersion is the beginning of what is hashed, so that a later form of the
// encoding can never be taken for this one.
const chainVersion = "qianshao act 1"

// timeForm is how the chain and the export write times: UTC, to the millisecond.
const timeForm = "2006-01-02T15:04:05.000Z"

func formatTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(timeForm)
}

// Link returns the chain of an act that follows an act with the chain previous ("" for
// the first act): the SHA-256, in hex, of previous and of the act's fields, in this order,
// each written as its length in bytes, a colon, itself and a comma:
//
//	"qianshao act 1", previous, seq, at, by, key, batch, subject, kind, basis, verdict,
//	reason, seen, rules, until, reverts, round, detail
//
// Numbers are decimal; times are as in an exported Record, and so is the subject.
func Link(previous string, a *qianshao.Act) string {
	r := RecordOf(a)
	return r.link(previous)
}

// link is Link for an exported act.
func (r *Record) link(previous string) string {
	h := sha256.New()
	for _, field := range []string{
		chainVersion, previous, decimal(r.Seq), r.At, r.By, r.Key, decimal(r.Batch), r.Subject, string(r.Kind), decimal(r.Basis),
		string(r.Verdict), string(r.Reason), r.Seen, r.Rules, r.Until, decimal(r.Reverts), strconv.Itoa(r.Round), r.Detail,
	} {
		fmt.Fprintf(h, "%d:%s,", len(field), field)
	}
	return hex.EncodeToString(h.Sum(nil))
}

func decimal(n int64) string { return strconv.FormatInt(n, 10) }

// Record is an act as the export writes it, one object on each line: all of its fields,
// in the order of the chain.
type Record struct {
	Seq     int64            `json:"seq"`
	At      string           `json:"at"` // as 2006-01-02T15:04:05.000Z
	By      string           `json:"by"`
	Key     string           `json:"key"`
	Batch   int64            `json:"batch"`
	Subject string           `json:"subject"` // as finding:0123456789abcdef
	Kind    qianshao.ActKind `json:"kind"`
	Basis   int64            `json:"basis"`
	Verdict qianshao.Verdict `json:"verdict"`
	Reason  qianshao.Reason  `json:"reason"`
	Seen    string           `json:"seen"`
	Rules   string           `json:"rules"`
	Until   string           `json:"until"` // as At; empty for none
	Reverts int64            `json:"reverts"`
	Round   int              `json:"round"`
	Detail  string           `json:"detail"` // Detail as JSON, quoted: the chain has its bytes
	Chain   string           `json:"chain"`
}

// RecordOf returns an act as the export writes it.
func RecordOf(a *qianshao.Act) Record {
	return Record{
		Seq: a.Seq, At: formatTime(a.At), By: a.By, Key: a.Key, Batch: a.Batch, Subject: a.Subject.String(), Kind: a.Kind, Basis: a.Basis,
		Verdict: a.Verdict, Reason: a.Reason, Seen: a.Seen, Rules: a.Rules, Until: formatTime(a.Until), Reverts: a.Reverts, Round: a.Round,
		Detail: a.Detail, Chain: a.Chain,
	}
}

// MarshalLine writes the record as one line of the export.
func (r Record) MarshalLine() ([]byte, error) {
	line, err := json.Marshal(r)
	return append(line, '\n'), err
}

// Head is the end of the trail: whoever keeps it elsewhere can later check that the
// trail passes through it, and so that nothing before it was changed or cut off.
type Head struct {
	Seq   int64
	Chain string
}

func (h Head) String() string { return fmt.Sprintf("%d:%s", h.Seq, h.Chain) }

var headForm = regexp.MustCompile(`^([1-9][0-9]{0,18}):([0-9a-f]{64})$`)

// ParseHead reads what Head.String writes.
func ParseHead(s string) (Head, error) {
	if m := headForm.FindStringSubmatch(s); m != nil {
		if seq, err := strconv.ParseInt(m[1], 10, 64); err == nil {
			return Head{Seq: seq, Chain: m[2]}, nil
		}
	}
	return Head{}, locales.Errorf("head.mistake", s)
}

// Check is the record of a check of the trail; the zero value means none.
type Check struct {
	At time.Time
	// Seq is where the trail ended then.
	Seq      int64
	Problems int
}

// Verified is the result of a check of the trail.
type Verified struct {
	Acts      int
	Standings int
	Batches   int
	// Head is the end of the trail, and HeadAt when its last act was.
	Head     Head
	HeadAt   time.Time
	Problems int
}
