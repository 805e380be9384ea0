package desk

import (
	"encoding/json"
	"errors"
	"io"
	"strings"

	"github.com/qianshao/qianshao/locales"
)

// Exported is the result of a check of an exported trail.
type Exported struct {
	Acts     int
	Problems int
	// First is the number of the first act, and Head the last one's with its chain.
	First int64
	Head  Head
}

// VerifyExport checks a trail as the export writes it, without the data folder that it is from:
// every act against the one before it, and that the trail passes through kept, if that is not
// zero. Of a trail that does not begin with act 1 the first act is taken for what it says.
func VerifyExport(from io.Reader, kept Head, problem func(locales.Speaker)) (v Exported, err error) {
	wrong := func(what locales.Message) {
		v.Problems++
		problem(what)
	}
	lines := json.NewDecoder(from)
	lines.DisallowUnknownFields()
	for passed := kept.Seq == 0; ; {
		var r Record
		switch err := lines.Decode(&r); {
		case errors.Is(err, io.EOF):
			if !passed {
				wrong(locales.M("acts.problem.export_kept", kept.Seq))
			}
			return v, nil
		case isMalformed(err):
			wrong(locales.M("acts.problem.not_act", v.Head.Seq, err))
			return v, nil
		case err != nil:
			return v, err
		}
		switch first := v.Acts == 0; {
		case r.Chain == "":
			wrong(locales.M("acts.problem.no_chain", r.Seq))
		case !first && r.Seq != v.Head.Seq+1:
			wrong(locales.M("acts.problem.gap", r.Seq, v.Head.Seq))
		case first && r.Seq != 1 || !first && v.Head.Chain == "": // nothing to check it by
		case r.link(v.Head.Chain) != r.Chain:
			wrong(locales.M("acts.problem.changed", r.Seq))
		}
		if r.Seq == kept.Seq {
			if passed = true; r.Chain != kept.Chain {
				wrong(locales.M("acts.problem.not_kept", r.Seq))
			}
		}
		if v.Acts++; v.Acts == 1 {
			v.First = r.Seq
		}
		v.Head = Head{Seq: r.Seq, Chain: r.Chain}
	}
}

// isMalformed says that an error is about the content, not about reading it.
func isMalformed(err error) bool {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	return errors.As(err, &syntax) || errors.As(err, &kind) || errors.Is(err, io.ErrUnexpectedEOF) || err != nil && isUnknownField(err)
}

// isUnknownField says that an object has a field that acts do not have; the error has no type of its own.
func isUnknownField(err error) bool { return strings.HasPrefix(err.Error(), "json: unknown field") }
