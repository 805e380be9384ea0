package admin

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/dashboards/page"
	"github.com/qianshao/qianshao/desk"
	"github.com/qianshao/qianshao/internal/wording"
	"github.com/qianshao/qianshao/store"
)

// byCommand is the author of what was done at the command line; no account can have this name.
const byCommand = store.ByCommand

// row is an act in the words of the reader's language.
type row struct {
	desk.Shown
	Detail desk.Detail
	// Did is what was done, Answer the verdict with its reason.
	Did, Answer string
	// Who did it, and Name is what it is about, as they are shown.
	Who, Name string
	// SubjectKind is the kind of what it is about, and URL its page; "" if there is none.
	SubjectKind, URL string
	Before, After    string
	// Notes are further remarks.
	Notes []string
}

func (v *trailPage) row(a *desk.Shown) row {
	detail, _ := desk.ParseDetail(a.Detail) // malformed details are reported by the check of the trail
	x := row{Shown: *a, Detail: detail, Who: v.Plain(a.By), Name: v.Plain(a.Subject.ID), SubjectKind: v.Language.Named("trail.subject.", string(a.Subject.Kind)), URL: v.subjectURL(a.Subject)}
	if a.By == byCommand {
		x.Who = v.T("trail.command")
	}
	if a.Subject.Kind == qianshao.SubjectSetting {
		x.Name = v.Language.Named("trail.setting.", a.Subject.ID)
	}
	if x.Did = v.Language.Named("trail.kind.", string(a.Kind)); a.Kind.Recorded() && detail.Event != "" {
		x.Did = v.Language.Named("trail.event.", detail.Event)
	}
	if a.Verdict != "" {
		x.Answer = v.VerdictSaid(a.Verdict, a.Reason)
	}
	x.Before, x.After = v.value(detail.Event, detail.Before), v.value(detail.Event, detail.After)
	if a.Subject.Kind == qianshao.SubjectAuthorisation && a.Kind.Recorded() {
		x.Before, x.After = v.FieldChanges(detail.Before), v.FieldChanges(detail.After)
	}
	if a.Subject.Kind == qianshao.SubjectSchedule {
		x.Before, x.After = v.Language.Named("notices.period.", detail.Before), v.Language.Named("notices.period.", detail.After)
	}
	if detail.Event == desk.EventRecheck && x.After != "" {
		x.After = v.T("recheck.urls", x.After)
	}
	if a.Kind == qianshao.ActExport {
		x.Detail.Words = v.exported(detail.Words)
		if x.After != "" {
			x.After = v.T("trail.rows", x.After)
		}
	}
	note := func(holds bool, key string, args ...any) {
		if holds {
			x.Notes = append(x.Notes, v.T(key, args...))
		}
	}
	note(a.Reverts != 0, "trail.note.reverts", a.Reverts)
	note(detail.Assignee != "", "trail.note.assignee", v.Plain(detail.Assignee))
	note(detail.From != "", "trail.note.from", v.Plain(detail.From))
	note(!a.Until.IsZero(), "trail.note.until", v.Time(a.Until))
	note(detail.Second != "", "trail.note.second")
	note(detail.Policy != 0, "trail.note.policy", detail.Policy)
	note(len(detail.Campaigns) > 0, "trail.note.campaigns", len(detail.Campaigns))
	note(len(detail.Findings) > 0, "trail.note.findings", len(detail.Findings))
	if p := detail.Park; p != nil {
		note(p.Content, "trail.note.content")
		note(p.Relapse, "trail.note.relapse")
		note(p.Sites > 0, "trail.note.sites", p.Sites)
	}
	return x
}

// exported says what was exported, from the trail's "batch:1" or "query: …".
func (v *trailPage) exported(words string) string {
	kind, what, ok := strings.Cut(words, ":")
	if !ok || !slices.Contains([]string{"finding", "campaign", "batch", "findings", "query", "report"}, kind) {
		return words
	}
	return v.T("trail.exported."+kind, strings.TrimSpace(what))
}

// value writes the value before or after an event: roles and sights in the reader's language,
// anything else as the trail has it.
func (v *trailPage) value(event, text string) string {
	switch store.AccountEvent(event) {
	case store.AccountRole:
		return v.Language.Named("role.", text)
	case store.AccountSight:
		return wording.Sight(v.Language, v.Plain(text))
	case store.AccountLink:
		return v.Language.Named("trail.link.", text)
	case store.AccountAdded:
		if role, sight, ok := strings.Cut(text, ", "); ok && qianshao.Role(role).Valid() {
			return v.Language.Named("role.", role) + " · " + wording.Sight(v.Language, v.Plain(sight))
		}
	}
	return v.Plain(text)
}

// subjectURL is the page of what an act is about; "" if there is none, or if the reader may not see
// it.
func (v *trailPage) subjectURL(s qianshao.Subject) string {
	id := url.PathEscape(s.ID)
	switch s.Kind {
	case qianshao.SubjectFinding:
		return v.FindingURL(s.ID)
	case qianshao.SubjectCampaign:
		return "/campaigns/" + id
	case qianshao.SubjectAuthorisation:
		return "/authorisations/" + id
	case qianshao.SubjectSite:
		return "/sites/" + id
	case qianshao.SubjectSubmission:
		return "/submissions"
	case qianshao.SubjectAccount:
		if v.Administer {
			return accountPath(s.ID)
		}
	case qianshao.SubjectSetting:
		if v.Administer {
			return "/admin/settings"
		}
	}
	return ""
}

// Only links to the acts by the same account, or on the same subject.
func (v *trailPage) Only(name, value string) string {
	return page.WithQuery("/trail", url.Values{name: {value}})
}

func (v *trailPage) BatchURL(id int64) string { return "/batches/" + strconv.FormatInt(id, 10) }
