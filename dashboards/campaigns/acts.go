package campaigns

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/dashboards/auth"
	"github.com/qianshao/qianshao/dashboards/page"
	"github.com/qianshao/qianshao/desk"
)

// takeMerge merges other campaigns into one: those that were ticked, and one given by its id or the
// address of its page.
func (c *Campaigns) takeMerge(w http.ResponseWriter, r *http.Request) {
	t := readTyped(r, "merge")
	others := t.Campaigns
	if id := strings.TrimSpace(t.Other); id != "" {
		if i := strings.LastIndex(id, "/campaigns/"); i >= 0 {
			id, _, _ = strings.Cut(id[i+len("/campaigns/"):], "?")
		}
		others = append(others[:len(others):len(others)], id)
	}
	c.do(w, r, t, desk.Draft{Kind: qianshao.ActMerge, Detail: desk.Detail{Campaigns: others}})
}

func (c *Campaigns) takeSplit(w http.ResponseWriter, r *http.Request) {
	t := readTyped(r, "split")
	c.do(w, r, t, desk.Draft{Kind: qianshao.ActSplit, Detail: desk.Detail{Findings: t.Findings}})
}

// takePolicy sets what becomes of newcomers.
func (c *Campaigns) takePolicy(w http.ResponseWriter, r *http.Request) {
	t := readTyped(r, "policy")
	draft := desk.Draft{Kind: qianshao.ActPolicy, Detail: desk.Detail{Newcomers: t.Newcomers}}
	if t.Newcomers == desk.NewcomersDecided { // queued newcomers get no verdict, whatever the form says
		draft.Verdict, draft.Reason = t.Verdict, t.Reason
	}
	c.do(w, r, t, draft)
}

func readTyped(r *http.Request, form string) typed {
	t := typed{
		Form: form, Other: r.PostFormValue("other"), Words: r.PostFormValue("words"),
		Newcomers: desk.Newcomers(r.PostFormValue("newcomers")), Verdict: qianshao.Verdict(r.PostFormValue("verdict")), Reason: qianshao.Reason(r.PostFormValue("reason")),
	}
	t.Campaigns, t.Findings = r.PostForm["campaigns"], r.PostForm["finding"]
	return t
}

// do does what a form of a campaign's page asks for, and leads back there: to the page of the
// campaign that the id now leads to.
func (c *Campaigns) do(w http.ResponseWriter, r *http.Request, t typed, draft desk.Draft) {
	id := r.PathValue("id")
	draft.Subject = qianshao.Subject{Kind: qianshao.SubjectCampaign, ID: id}
	draft.Basis, draft.Detail.Words = basisOf(r), t.Words
	act, err := c.opts.Desk.Do(r.Context(), auth.Acting(r.Context()), draft)
	if err == nil {
		http.Redirect(w, r, page.WithQuery(pathOf(id), url.Values{"done": {strconv.FormatInt(act.Seq, 10)}}), http.StatusSeeOther)
		return
	}
	v := c.Layout(w, r, "campaign.title")
	if t.Wrong = refusal(v, err); t.Wrong == nil {
		if !errors.Is(err, desk.ErrNotFound) {
			c.FailWith(w, r, err)
			return
		}
		t.Wrong = &refused{Status: http.StatusUnprocessableEntity, Text: v.T("campaign.merge.unknown")}
	}
	c.showCampaign(w, r, id, t)
}
