package dashboards

import (
	"context"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze/mask"
	"github.com/qianshao/qianshao/dashboards/api"
	"github.com/qianshao/qianshao/desk"
	"github.com/qianshao/qianshao/desk/campaign"
	"github.com/qianshao/qianshao/export"
	"github.com/qianshao/qianshao/store"
	"github.com/qianshao/qianshao/store/sqlstore/campaigns"
	"github.com/qianshao/qianshao/store/sqlstore/review"
)

// exporting returns an outpost with exports, and a finding under each of two authorisations.
func exporting(t *testing.T) (o *outpost, mine, theirs string, d *desk.Desk) {
	t.Helper()
	o, mine, theirs, _ = twoOwners(t)
	d = o.withDesk(t)
	o.options.ExportFolder = t.TempDir()
	return o, mine, theirs, d
}

// export sends the form.
func (p *person) export(form url.Values) *httptest.ResponseRecorder {
	return p.ask("POST", "/export", form.Encode(), "Content-Type", "application/x-www-form-urlencoded")
}

// left fails if the folder of exports is not empty.
func (o *outpost) left(t *testing.T) {
	t.Helper()
	if files, err := os.ReadDir(o.options.ExportFolder); err != nil || len(files) > 0 {
		t.Errorf("in the folder of exports are left %v, %v", files, err)
	}
}

// exportTrail returns the acts of exports in their order, as an auditor who sees all reads them.
func exportTrail(t *testing.T, d *desk.Desk) []desk.Shown {
	t.Helper()
	auditor := qianshao.Account{Name: "auditor", Role: qianshao.RoleAuditor, Sight: qianshao.SeeAll()}
	acts, err := d.Trail(t.Context(), auditor, desk.ActsQuery{Kind: qianshao.ActExport, Limit: 1000})
	if err != nil {
		t.Fatal(err)
	}
	return acts
}

// TestExports: whatever is requested, in each format, an account gets what it may see, as a file.
// The trail records who exported what, how many findings, and the hash of the file's bytes.
func TestExports(t *testing.T) {
	t.Parallel()
	o, mine, theirs, d := exporting(t)
	lead := o.join(t, qianshao.Account{Name: "lead", Role: qianshao.RoleLead, Sight: qianshao.SeeAll()})
	me := o.join(t, limited("me", qianshao.RoleAnalyst, "mine"))
	of := decode[api.CampaignPage](t, lead.ask("GET", "/api/v1/queue", "").Body.String()).Campaigns[0].ID
	batch := decode[api.Batch](t, me.ask("POST", "/api/v1/batches", `{"query": ""}`).Body.String()).ID
	acts := len(exportTrail(t, d))
	for asked, form := range map[string]url.Values{
		"finding:" + mine:              {"finding": {mine}},
		"campaign:" + of:               {"campaign": {of}},
		fmt.Sprintf("batch:%d", batch): {"batch": {fmt.Sprint(batch)}},
		"findings: 2":                  {"ids": {mine, theirs}},
		"query: level:>=high":          {"q": {"level:>=high"}},
	} {
		for _, format := range []export.Format{export.CSV, export.JSONLines, export.Markdown} {
			form.Set("format", string(format))
			w := me.export(form)
			body := w.Body.String()
			if w.Code != http.StatusOK || !strings.Contains(body, mine) || strings.Contains(body, theirs) || strings.Contains(body, "theirs") {
				t.Fatalf("%s as %s: %d %s", asked, format, w.Code, body)
			}
			h := w.Header()
			if h.Get("Content-Type") != format.MediaType() || h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Cache-Control") != "no-store" ||
				!strings.HasPrefix(h.Get("Content-Disposition"), `attachment; filename="qianshao-`) || !strings.Contains(h.Get("Content-Disposition"), `; filename*=UTF-8''%E5%89%8D%E5%93%A8`) {
				t.Errorf("%s as %s: %v", asked, format, h)
			}
			list := exportTrail(t, d)
			if acts++; len(list) != acts {
				t.Fatalf("%s as %s: the trail has %d acts, want %d", asked, format, len(list), acts)
			}
			last := list[acts-1]
			sum := sha256.Sum256(w.Body.Bytes())
			detail, err := desk.ParseDetail(last.Detail)
			if err != nil || last.Kind != qianshao.ActExport || last.By != "me" || last.Subject != (qianshao.Subject{Kind: qianshao.SubjectExport, ID: hex.EncodeToString(sum[:])}) ||
				detail.Event != string(format) || detail.Words != asked || detail.After != "1" {
				t.Errorf("%s as %s is in the trail as %+v", asked, format, last)
			}
		}
	}
	o.left(t)
	w := lead.ask("POST", api.ExportsPath, `{"format": "jsonl", "campaign": "`+of+`"}`)
	if w.Code != http.StatusOK || strings.Count(w.Body.String(), "\n") != 3 || w.Header().Get("Content-Type") != "application/jsonl" || len(exportTrail(t, d)) != acts+1 {
		t.Errorf("the API: %d %s", w.Code, w.Body)
	}
	if said := lead.ask("GET", "/trail?kind=export", "").Body.String(); strings.Contains(said, "batch:") || strings.Contains(said, "findings: 2") {
		t.Error("the trail's page says what was exported in the words of a program")
	} else {
		contains(t, said, fmt.Sprintf("批次 %d", batch), "团伙 "+of, "勾选的 2 条发现", "检索 level:&gt;=high")
	}
	if w := lead.export(url.Values{"finding": {mine, theirs}, "format": {"jsonl"}}); w.Code != http.StatusOK || strings.Count(w.Body.String(), "\n") != 2 {
		t.Errorf("what is ticked: %d %s", w.Code, w.Body)
	}
	for target, buttons := range map[string]int{"/findings/" + mine: 4, "/search?q=level:high": 8} {
		if body := me.ask("GET", target, "").Body.String(); !strings.Contains(body, `<form action="/export" method="post">`) || strings.Count(body, `name="format"`) != buttons {
			t.Errorf("%s has no form to export by", target)
		}
	}
}

// TestExportsRefused: requests for something that does not exist, may not be seen, is not exactly
// one thing, or is not a valid query are refused in the reader's language. They leave no act and no
// file.
func TestExportsRefused(t *testing.T) {
	t.Parallel()
	o, mine, theirs, d := exporting(t)
	me := o.join(t, limited("me", qianshao.RoleRuleOperator, "mine"))
	for _, tc := range []struct {
		form   url.Values
		status int
		zh     string
	}{
		{url.Values{"finding": {theirs}, "format": {"csv"}}, 404, ""},
		{url.Values{"campaign": {"none"}, "format": {"csv"}}, 404, ""},
		{url.Values{"batch": {"99"}, "format": {"csv"}}, 404, ""},
		{url.Values{"format": {"csv"}}, 422, "请选定一项"},
		{url.Values{"finding": {mine}, "q": {""}, "format": {"csv"}}, 422, "请选定一项"},
		{url.Values{"finding": {mine}, "format": {"exe"}}, 422, "格式须为"},
		{url.Values{"finding": {mine}, "format": {"zip"}}, 422, "格式须为"}, // the outpost has no archive
		{url.Values{"ids": {theirs + "," + theirs}, "format": {"csv"}}, 422, "没有您能查看的发现"},
		{url.Values{"q": {"host:theirs.example"}, "format": {"md"}}, 422, "没有您能查看的发现"},
		{url.Values{"q": {"level:x"}, "format": {"md"}}, 400, "检索式第"},
	} {
		if w := me.export(tc.form); w.Code != tc.status || !strings.Contains(w.Body.String(), tc.zh) || w.Header().Get("Content-Disposition") != "" || strings.Contains(w.Body.String(), "theirs.example/a") {
			t.Errorf("%v: %d %s", tc.form, w.Code, w.Body)
		}
	}
	if body := me.export(url.Values{"format": {"csv"}}).Body.String(); strings.Contains(body, `href="/export`) {
		t.Error("a link leads to an address that takes a form alone")
	}
	w := me.ask("POST", api.ExportsPath, `{"format": "csv", "query": "level:x"}`)
	if p := decode[api.Problem](t, w.Body.String()); w.Code != http.StatusBadRequest || p.Code != "bad_query" || p.Column == 0 {
		t.Errorf("the API on a query: %d %s", w.Code, w.Body)
	}
	w = me.ask("POST", api.ExportsPath, `{"format": "csv", "findings": ["`+theirs+`"]}`)
	if p := decode[api.Problem](t, w.Body.String()); w.Code != http.StatusUnprocessableEntity || p.Refusal != export.RefusedNone {
		t.Errorf("the API on what is not seen: %d %s", w.Code, w.Body)
	}
	if acts := exportTrail(t, d); len(acts) != 0 {
		t.Errorf("the trail has %+v", acts)
	}
	o.left(t)
}

// TestExportsBlind: no export has a decision that is waiting for a second review, whoever asks for
// it.
func TestExportsBlind(t *testing.T) {
	t.Parallel()
	o, mine, _, d := exporting(t)
	author := qianshao.Account{Name: "author", Role: qianshao.RoleAnalyst, Sight: qianshao.SeeAll()}
	critical := casino(casinoSource)
	critical.Level, critical.Score = qianshao.LevelCritical, 95
	o.save(t, qianshao.Page{URL: "http://mine.example/a", Authorisation: "mine", Body: []byte(casinoSource), Status: 200}, "t", casinoSource, critical)
	view, err := d.Look(t.Context(), author, qianshao.Subject{Kind: qianshao.SubjectFinding, ID: mine})
	var act qianshao.Act
	if err == nil {
		act, err = d.Do(t.Context(), author, desk.Draft{
			Subject: qianshao.Subject{Kind: qianshao.SubjectFinding, ID: mine}, Kind: qianshao.ActDecide, Seen: view.Seen, Verdict: qianshao.VerdictNotCrime, Reason: qianshao.ReasonLawful,
		})
	}
	if err != nil {
		t.Fatal(err)
	}
	people := []qianshao.Account{author, {Name: "other", Role: qianshao.RoleAnalyst, Sight: qianshao.SeeAll()}, {Name: "auditor", Role: qianshao.RoleAuditor, Sight: qianshao.SeeAll()}}
	for _, account := range people {
		p := o.join(t, account)
		for _, format := range []string{"csv", "jsonl", "md"} {
			body := p.export(url.Values{"finding": {mine}, "format": {format}}).Body.String()
			if !strings.Contains(body, "待复核") && !strings.Contains(body, `"verdict":"in_review"`) || strings.Contains(body, "lawful") || strings.Contains(body, "not_crime") || strings.Contains(body, "不违法") || strings.Contains(body, "合法经营") {
				t.Errorf("%s as %s: %s", account.Name, format, body)
			}
		}
	}
	other := people[1]
	_, err = d.Do(t.Context(), other, desk.Draft{
		Subject: qianshao.Subject{Kind: qianshao.SubjectFinding, ID: mine}, Kind: qianshao.ActReview, Basis: act.Seq, Seen: view.Seen, Verdict: qianshao.VerdictNotCrime, Reason: qianshao.ReasonLawful,
	})
	if err != nil {
		t.Fatal(err)
	}
	if body := o.join(t, other).export(url.Values{"finding": {mine}, "format": {"jsonl"}}).Body.String(); !strings.Contains(body, `"verdict":"not_crime","reason":"lawful"`) {
		t.Errorf("after the review: %s", body)
	}
}

// forgetful is a store that cannot record acts.
type forgetful struct{ *review.Store }

func (forgetful) Record(context.Context, qianshao.Act) (qianshao.Act, error) {
	return qianshao.Act{}, errors.New("the disk is full")
}

// TestExportNotRecorded: an export that the trail cannot record is not sent, and leaves no file.
func TestExportNotRecorded(t *testing.T) {
	t.Parallel()
	o, mine, _, _ := exporting(t)
	kept := review.New(o.store.Database(), campaigns.Options{Traits: func(*qianshao.Finding) campaign.Traits { return campaign.Traits{} }, Name: "test", Now: o.options.Now})
	var err error
	o.options.Desk, err = desk.New(desk.Options{
		Store: forgetful{kept}, Mask: mask.String, Rules: func() string { return "" },
		Account: func(context.Context, string) (a qianshao.Account, err error) { return a, desk.ErrNotFound },
	})
	if err != nil {
		t.Fatal(err)
	}
	w := o.join(t, limited("me", qianshao.RoleAnalyst, "mine")).export(url.Values{"finding": {mine}, "format": {"csv"}})
	if w.Code != http.StatusInternalServerError || strings.Contains(w.Body.String(), mine) || w.Header().Get("Content-Disposition") != "" {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	o.left(t)
}

// interrupted is an answer that calls sent once some of its body has been written.
type interrupted struct {
	*httptest.ResponseRecorder
	sent func()
}

func (w interrupted) Write(p []byte) (int, error) {
	if len(p) > 0 && w.Body.Len() == 0 {
		w.sent()
	}
	return w.ResponseRecorder.Write(p)
}

// TestExportOfChangedAccount: an account that loses part of its sight, or is disabled, while a file
// is written, gets none of it, and there is no act. If that happens while the file is being sent,
// the rest is not sent.
func TestExportOfChangedAccount(t *testing.T) {
	t.Parallel()
	const size = 5 << 20
	for name, change := range map[string]func(*store.AccountRecord){
		"shrinks":  func(r *store.AccountRecord) { r.Sight.Authorisations = []string{"theirs"} },
		"disabled": func(r *store.AccountRecord) { r.Disabled = true },
		"demoted":  func(r *store.AccountRecord) { r.Role = qianshao.RoleAuditor },
	} {
		for _, asked := range []struct{ path, media, body string }{
			{"/export", "application/x-www-form-urlencoded", "format=zip&finding="}, {"/api/v1/exports", "application/json", ""},
		} {
			t.Run(name+asked.path, func(t *testing.T) {
				t.Parallel()
				o, mine, _, d := exporting(t)
				written := func() {}
				o.options.Evidence = func(_ context.Context, w io.Writer, b export.Bundle) error {
					_, err := w.Write(make([]byte, size))
					written()
					return errors.Join(err, b.Files[0].Write(io.Discard))
				}
				me := o.join(t, limited("me", qianshao.RoleAnalyst, "mine"))
				body := asked.body + mine
				if asked.body == "" {
					body = fmt.Sprintf(`{"format": "zip", "finding": %q}`, mine)
				}
				ask := func(w http.ResponseWriter) {
					r := httptest.NewRequest("POST", "http://127.0.0.1:8740"+asked.path, strings.NewReader(body))
					r.Header.Set("Content-Type", asked.media)
					me.sign(r)
					me.handler.ServeHTTP(w, r)
				}
				w := interrupted{httptest.NewRecorder(), func() { o.change(t, "me", change) }}
				ask(w)
				if n := w.Body.Len(); w.Code != http.StatusOK || n == 0 || n >= size || len(exportTrail(t, d)) != 1 {
					t.Errorf("changed while it was sent: %d, %d of %d bytes; the trail has %v", w.Code, n, size, exportTrail(t, d))
				}
				back := limited("me", qianshao.RoleAnalyst, "mine")
				o.change(t, "me", func(r *store.AccountRecord) { r.Role, r.Sight, r.Disabled = back.Role, back.Sight, false })
				me = o.join(t, back)
				written = func() { o.change(t, "me", change) }
				refused := httptest.NewRecorder()
				ask(refused)
				if refused.Code != http.StatusUnprocessableEntity || len(exportTrail(t, d)) != 1 || !strings.Contains(refused.Body.String(), "changed") && !strings.Contains(refused.Body.String(), "重新登录") {
					t.Errorf("changed while it was written: %d %.500s; the trail has %v", refused.Code, refused.Body, exportTrail(t, d))
				}
				o.left(t)
			})
		}
	}
}

// TestExportHostile: what pages, rules and queries say is inert data in every format, and no format
// has resident identity numbers.
func TestExportHostile(t *testing.T) {
	t.Parallel()
	const number = "11010519491231002X" // the standard's own example
	o, _, _, _ := exporting(t)
	finding := casino(casinoSource)
	finding.Rule, finding.Title = "=cmd|'/c calc'!A0", hostile
	finding.Evidence[0].Before = "@SUM(1+1)\t`````\n# x "
	o.save(t, qianshao.Page{URL: "http://mine.example/=1+1?id=" + number, Authorisation: "mine", Body: []byte("x"), Status: 200}, "=HYPERLINK(\"http://evil.example\",\"x\")", casinoSource, finding)
	me := o.join(t, limited("me", qianshao.RoleAnalyst, "mine"))
	form := url.Values{"q": {`host:mine.example -"` + strings.Repeat("`", 9) + `<script> ` + number + `"`}}
	for _, format := range []string{"csv", "jsonl", "md"} {
		form.Set("format", format)
		w := me.export(form)
		body := w.Body.String()
		if w.Code != http.StatusOK || strings.Contains(body, number) || strings.ContainsRune(body, '\u202e') || strings.Contains(body, "\x00") {
			t.Fatalf("%s: %d %q", format, w.Code, body)
		}
		switch format {
		case "csv":
			rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(body, "\uFEFF"))).ReadAll()
			if err != nil || len(rows) != 3 || !strings.HasPrefix(body, "\uFEFF编号,站点,") {
				t.Fatalf("%d rows, %v", len(rows), err)
			}
			for _, cell := range append(rows[1], rows[2]...) {
				if cell != "" && strings.ContainsAny(cell[:1], "=+-@\t\r") {
					t.Errorf("the cell %q is run", cell)
				}
			}
		case "jsonl":
			for line := range strings.Lines(body) {
				var row export.Row
				if err := json.Unmarshal([]byte(line), &row); err != nil || row.Defanged == row.URL {
					t.Errorf("%v: %s", err, line)
				}
			}
		}
	}
}

// TestExportedHead: the head of the trail in a zip includes the chain, unless the last act is a
// decision that is waiting for a second review: with that hash and the chain before it, the answer
// could be guessed.
func TestExportedHead(t *testing.T) {
	t.Parallel()
	o, mine, _, _ := exporting(t)
	var acts string
	o.options.Evidence = func(_ context.Context, _ io.Writer, b export.Bundle) error {
		acts = b.Acts
		return b.Files[0].Write(io.Discard)
	}
	me := o.join(t, limited("me", qianshao.RoleAnalyst, "mine"))
	zip := func() string {
		t.Helper()
		if w := me.export(url.Values{"finding": {mine}, "format": {"zip"}}); w.Code != http.StatusOK {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
		return acts
	}
	decided := func(r qianshao.Reason) {
		t.Helper()
		look := decode[reviewed](t, me.ask("GET", "/api/v1/findings/"+mine, "").Body.String())
		body := fmt.Sprintf(`{"subject": "finding:%s", "kind": "decide", "basis": %d, "seen": "%s", "verdict": "crime", "reason": "%s"}`, mine, look.Review.Basis, look.Seen, r)
		if w := me.ask("POST", "/api/v1/acts", body); w.Code != http.StatusCreated {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
	}
	decided("hacked")
	if head, err := desk.ParseHead(zip()); err != nil || head.Seq != 4 { // after the acts on accounts and tokens, and the decision
		t.Errorf("nothing waits: the head is %q, %v", acts, err)
	}
	if head, err := desk.ParseHead(zip()); err != nil || head.Seq != 5 {
		t.Errorf("after an export: the head is %q, %v", acts, err)
	}
	o.reviewAll = true
	decided("operator")
	if head := zip(); head != "" {
		t.Errorf("a decision waits: the head is %q", head)
	}
}
