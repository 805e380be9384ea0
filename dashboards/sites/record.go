package sites

import (
	"net/http"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/desk"
	"github.com/qianshao/qianshao/internal/untrusted"
)

// record is an act, on a subject that is not reviewed, in a page's list.
type record struct {
	qianshao.Act
	desk.Detail
}

func (s *Sites) records(r *http.Request, subject qianshao.Subject) (list []record, err error) {
	acts, err := s.opts.Store.Records(r.Context(), subject, shownRecords)
	for _, a := range acts {
		d, err := desk.ParseDetail(a.Detail)
		if err != nil {
			return nil, err
		}
		d.Words, d.Before, d.After = untrusted.Plain(d.Words), untrusted.Plain(d.Before), untrusted.Plain(d.After)
		a.Detail = ""
		list = append(list, record{a, d})
	}
	return list, err
}

// Changed writes the value before or after an act.
func (v times) Changed(r record, text string) string {
	if r.Subject.Kind == qianshao.SubjectAuthorisation && text != "" {
		return v.FieldChanges(text)
	}
	if r.Event == desk.EventRecheck && text != "" {
		return v.T("recheck.urls", text)
	}
	return text
}

func (v times) Event(r record) string { return v.Language.Named("record.", r.Event) }
