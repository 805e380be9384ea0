package api

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/dashboards/auth"
	"github.com/qianshao/qianshao/dashboards/selection"
	"github.com/qianshao/qianshao/desk"
	"github.com/qianshao/qianshao/index"
	"github.com/qianshao/qianshao/locales"
)

func (a *API) routeBatches() {
	const path = "/batches"
	register(a, qianshao.PowerDecide, huma.Operation{
		OperationID: "freeze", Method: http.MethodPost, Path: path, Summary: "Freeze the findings of a query, a campaign or a list; nothing is done with them yet",
		DefaultStatus: http.StatusCreated, MaxBodyBytes: maxKeyed,
	}, a.freeze)
	register(a, "", huma.Operation{
		OperationID: "batch", Method: http.MethodGet, Path: path + "/{id}", Summary: "A batch, with its members and its result",
	}, a.batch)
	register(a, "", huma.Operation{
		OperationID: "batch-members", Method: http.MethodGet, Path: path + "/{id}/members", Summary: "The members of a batch, or only those that were skipped, with the reason",
	}, a.members)
	register(a, qianshao.PowerDecide, huma.Operation{
		OperationID: "act-on-batch", Method: http.MethodPost, Path: path + "/{id}/acts", Summary: "Decide on, park or review all members of a batch",
		DefaultStatus: http.StatusAccepted,
	}, a.actOnBatch)
	register(a, qianshao.PowerDecide, huma.Operation{
		OperationID: "undo-batch", Method: http.MethodPost, Path: path + "/{id}/undo", Summary: "Undo a batch, except for members that were decided again since",
		DefaultStatus: http.StatusAccepted,
	}, a.undoBatch)
}

// Batch is a frozen list of findings, and what was done with them.
type Batch struct {
	ID       int64           `json:"id"`
	By       string          `json:"by"`
	At       time.Time       `json:"at"`
	Query    string          `json:"query,omitempty"`
	Campaign string          `json:"campaign,omitempty"`
	Members  int             `json:"members"`
	Digest   string          `json:"digest" doc:"SHA-256 over a line for each member, by id ascending: id, blank, seen, line feed."`
	State    desk.BatchState `json:"state" doc:"frozen, applying, applied, undoing, undone"`
	Review   bool            `json:"review,omitempty" doc:"The batch consists of findings that wait for a second review, and is for reviewing them."`
	Confirm  bool            `json:"confirm" doc:"The number of members must be given with the act."`
	Order    *desk.Order     `json:"order,omitempty" doc:"What is done with each member."`
	Blind    bool            `json:"blind,omitempty" doc:"Verdict, reason and words of the order are left out: its decisions wait for a second review, which you may give."`
	Done     time.Time       `json:"done,omitzero"`
	Undone   string          `json:"undone_by,omitempty"`
	Why      string          `json:"undone_because,omitempty"`
	Preview  Preview         `json:"preview"`
	Tally    Tally           `json:"tally"`
}

// Preview counts what a batch consisted of when it was frozen.
type Preview struct {
	Decided    int            `json:"decided" doc:"Members that had a verdict already; they are skipped unless the request includes them."`
	Sites      map[string]int `json:"sites"`
	Categories map[string]int `json:"categories"`
	Levels     map[string]int `json:"levels"`
	Unlike     []Example      `json:"unlike" doc:"The members that differ most from the rest, at most five."`
	Random     []Example      `json:"random" doc:"Five members that are selected by the digest."`
}

// Example is a member to look at before deciding on all of them.
type Example struct {
	Finding  string            `json:"finding"`
	Site     string            `json:"site"`
	Category qianshao.Category `json:"category"`
	Level    qianshao.Level    `json:"level"`
}

func newExamples(list []desk.Example) []Example {
	out := []Example{}
	for _, e := range list {
		out = append(out, Example(e))
	}
	return out
}

// Tally counts the members by outcome.
type Tally struct {
	Pending int            `json:"pending"`
	Done    int            `json:"done"`
	Undone  int            `json:"undone"`
	Skipped map[string]int `json:"skipped" doc:"Number of members skipped, by reason: decided, other, acted, content, deleted, account, reviewed, undone, failed."`
	Kept    map[string]int `json:"kept" doc:"Number of members that were not undone, by reason."`
}

// Selection says which findings a batch is made of, in one of three ways.
type Selection struct {
	Query    *string  `json:"query,omitempty" maxLength:"2000" doc:"A query; selects all findings that you can find with it."`
	Campaign string   `json:"campaign,omitempty" maxLength:"64" doc:"The id of a campaign; selects all its members that you may see."`
	Findings []string `json:"findings,omitempty" maxItems:"50000" doc:"The ids of findings."`
	Review   bool     `json:"review,omitempty" doc:"Select only findings on which another person's decision waits for a second review, to review them all at once."`
}

type batchAnswer struct {
	Location string `header:"Location"`
	Body     Batch
}

func (a *API) freeze(ctx context.Context, in *struct {
	Key
	Body Selection
}) (*batchAnswer, error) {
	selected, err := a.selected(ctx, &in.Body)
	if err != nil {
		return nil, a.refusal(ctx, "campaign", err)
	}
	selected.Review = in.Body.Review
	b, err := a.opts.Desk.Freeze(ctx, auth.Acting(ctx), selected)
	return a.answerBatch(ctx, b, err)
}

func (a *API) selected(ctx context.Context, s *Selection) (desk.Selection, error) {
	selected, err := a.opts.Selection.Select(ctx, auth.From(ctx).Sight, selection.Request{Query: s.Query, Campaign: s.Campaign, Findings: s.Findings})
	var tooMany *selection.TooMany
	var syntax *index.SyntaxError
	switch {
	case errors.Is(err, selection.ErrNone):
		return selected, badBody(err.Error())
	case errors.As(err, &tooMany):
		return selected, NewProblem(http.StatusUnprocessableEntity, "too_many_members", err.Error())
	case errors.As(err, &syntax):
		return selected, badQuery(syntax.Message(locales.English), syntax.Message(locales.Chinese), syntax.Column)
	}
	return selected, err
}

// answerBatch answers with the current state of a batch.
func (a *API) answerBatch(ctx context.Context, b desk.Batch, err error) (*batchAnswer, error) {
	if err != nil {
		return nil, a.refusal(ctx, "batch", err)
	}
	body, err := a.describe(ctx, b)
	if err != nil {
		return nil, a.refusal(ctx, "batch", err)
	}
	return &batchAnswer{Location: Root + "/batches/" + strconv.FormatInt(b.ID, 10), Body: body}, nil
}

func (a *API) describe(ctx context.Context, b desk.Batch) (Batch, error) {
	out := Batch{
		ID: b.ID, By: b.By, At: b.At, Query: b.Query, Campaign: b.Campaign, Members: b.Members, Digest: b.Digest, State: b.State,
		Review: b.Review, Confirm: b.Members > desk.ConfirmAbove, Order: b.Order, Blind: b.Blind, Done: b.Done, Undone: b.UndoneBy, Why: b.UndoWords,
	}
	preview, err := a.opts.Desk.Preview(ctx, auth.Acting(ctx), b.ID)
	if err != nil {
		return out, err
	}
	tally, err := a.opts.Desk.Tally(ctx, auth.Acting(ctx), b.ID)
	out.Preview = Preview{Decided: preview.Decided, Sites: preview.Sites, Categories: byName(preview.Categories), Levels: map[string]int{},
		Unlike: newExamples(preview.Unlike), Random: newExamples(preview.Random)}
	for level, n := range preview.Levels {
		out.Preview.Levels[level.String()] = n
	}
	out.Tally = Tally{Pending: tally.Pending, Done: tally.Done, Undone: tally.Undone, Skipped: byName(tally.Skipped), Kept: byName(tally.Kept)}
	return out, err
}

func byName[K ~string](counts map[K]int) map[string]int {
	out := map[string]int{}
	for name, n := range counts {
		out[string(name)] = n
	}
	return out
}

func (a *API) batch(ctx context.Context, in *struct {
	IfChanged
	ID int64 `path:"id" minimum:"1"`
}) (*single[Batch], error) {
	b, err := a.opts.Desk.Batch(ctx, auth.Acting(ctx), in.ID)
	out, err := a.answerBatch(ctx, b, err)
	if err != nil {
		return nil, err
	}
	return answer(in.IfChanged, out.Body)
}

// Members is a page of a batch's members, by id.
type Members struct {
	Members []Member `json:"members"`
	// Next is the value of the parameter after for the next page; empty at the end.
	Next string `json:"next,omitempty"`
}

// Member is a member of a batch.
type Member struct {
	Finding string           `json:"finding"`
	Seen    string           `json:"seen"`
	Basis   int64            `json:"basis"`
	Verdict qianshao.Verdict `json:"verdict,omitempty" doc:"Its verdict when the batch was frozen."`
	Act     int64            `json:"act,omitempty" doc:"The act of the batch."`
	Skipped desk.Skipped     `json:"skipped,omitempty" doc:"Why the batch skipped it."`
	Undone  int64            `json:"undone,omitempty" doc:"The act that undid it."`
	Kept    desk.Skipped     `json:"kept,omitempty" doc:"Why it was not undone."`
	Blind   bool             `json:"blind,omitempty" doc:"The verdict is left out: it waits for a second review, which you may give."`
}

func (a *API) members(ctx context.Context, in *struct {
	ID     int64  `path:"id" minimum:"1"`
	Passed bool   `query:"passed" doc:"Only members that were skipped."`
	After  string `query:"after" maxLength:"64"`
	Limit  int    `query:"limit" minimum:"1" maximum:"1000" default:"100"`
}) (*struct{ Body Members }, error) {
	list, err := a.opts.Desk.Members(ctx, auth.Acting(ctx), in.ID, in.Passed, in.After, in.Limit)
	if err != nil {
		return nil, a.refusal(ctx, "batch", err)
	}
	out := &struct{ Body Members }{Members{Members: []Member{}}}
	for i := range list {
		m := &list[i]
		out.Body.Members = append(out.Body.Members, Member{
			Finding: m.Finding, Seen: m.Seen, Basis: m.Basis, Verdict: m.Verdict, Act: m.Act, Skipped: m.Skipped, Undone: m.Undone, Kept: m.Kept, Blind: m.Blind,
		})
	}
	if len(list) == in.Limit {
		out.Body.Next = list[len(list)-1].Finding
	}
	return out, nil
}

// Order says what is to be done with each member.
type Order struct {
	Kind    qianshao.ActKind `json:"kind" enum:"decide,park,review"`
	Verdict qianshao.Verdict `json:"verdict,omitempty" enum:"crime,not_crime,unsure"`
	Reason  qianshao.Reason  `json:"reason,omitempty"`
	Until   time.Time        `json:"until,omitempty"`
	Words   string           `json:"words,omitempty" maxLength:"4000"`
	Park    *ParkUntil       `json:"park,omitempty"`
	Again   bool             `json:"again,omitempty" doc:"Include members that had a verdict when the batch was frozen."`
	Confirm int              `json:"confirm,omitempty" minimum:"0" doc:"The number of members; required for more than 50."`
}

func (a *API) actOnBatch(ctx context.Context, in *struct {
	Key
	ID   int64 `path:"id" minimum:"1"`
	Body Order
}) (*batchAnswer, error) {
	o := &in.Body
	b, err := a.opts.Desk.Begin(ctx, auth.Acting(ctx), in.ID, desk.Order{
		Kind: o.Kind, Verdict: o.Verdict, Reason: o.Reason, Until: o.Until, Again: o.Again,
		Detail: desk.Detail{Words: o.Words, Park: o.Park.detail()},
	}, o.Confirm)
	return a.answerBatch(ctx, b, err)
}

func (a *API) undoBatch(ctx context.Context, in *struct {
	Key
	ID   int64 `path:"id" minimum:"1"`
	Body *Why
}) (*batchAnswer, error) {
	b, err := a.opts.Desk.UndoBatch(ctx, auth.Acting(ctx), in.ID, in.Body.words())
	return a.answerBatch(ctx, b, err)
}
