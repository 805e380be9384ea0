package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze/mask"
	"github.com/qianshao/qianshao/dashboards/auth"
	"github.com/qianshao/qianshao/dashboards/intake"
	"github.com/qianshao/qianshao/store"
)

func (a *API) routeSubmissions() {
	const path = "/submissions"
	register(a, qianshao.PowerSubmit, huma.Operation{
		OperationID: "submit", Method: http.MethodPost, Path: path, Summary: "Report a page",
		DefaultStatus: http.StatusAccepted, MaxBodyBytes: intake.MaxBody,
	}, a.takeSubmission)
	register(a, "", huma.Operation{
		OperationID: "submissions", Method: http.MethodGet, Path: path, Summary: "Reported pages, the latest first",
	}, a.submissions)
	register(a, "", huma.Operation{
		OperationID: "submission", Method: http.MethodGet, Path: path + "/{id}", Summary: "A report and its progress",
	}, a.submission)
	register(a, qianshao.PowerSubmit, huma.Operation{
		OperationID: "withdraw", Method: http.MethodDelete, Path: path + "/{id}", Summary: "Withdraw a report",
	}, a.withdraw)
}

// reader is the account as a reader of submissions.
func reader(ctx context.Context) store.Reader { return intake.Reader(auth.From(ctx)) }

// submissionInput deliberately has no field for a name or a telephone number.
type submissionInput struct {
	Remote
	Key
	Body struct {
		URL      string `json:"url" doc:"The whole address of the page."`
		Category string `json:"category,omitempty" doc:"What you suspect; optional."`
	}
}

// Remote is the address that a request comes from.
type Remote struct{ address string }

// Resolve reads the address from the request.
func (r *Remote) Resolve(ctx huma.Context) []error {
	r.address = ctx.RemoteAddr()
	return nil
}

type submitted struct {
	Location string `header:"Location"`
	Body     qianshao.Submission
}

func (a *API) takeSubmission(ctx context.Context, in *submissionInput) (*submitted, error) {
	submission, refusal := a.opts.Intake.Take(ctx, auth.From(ctx), intake.FromAPI(in.address), in.Body.URL, in.Body.Category)
	if refusal != nil {
		return nil, NewProblem(refusal.Status, refusal.Code, refusal.Message)
	}
	submission = reader(ctx).Receipt(submission)
	submission.URL = mask.String(submission.URL)
	return &submitted{Location: store.SubmissionPath(submission.ID), Body: submission}, nil
}

type submissionsInput struct {
	Limit int `query:"limit" minimum:"0" maximum:"1000" default:"200"`
}

// Submissions is a list of reported pages.
type Submissions struct {
	Submissions []qianshao.Submission `json:"submissions"`
	// Open counts the reports that are waiting for an authorisation or for their visit.
	Open []OriginCount `json:"open_by_origin"`
}

// OriginCount counts the open reports of one origin.
type OriginCount struct {
	Origin  string `json:"origin"`
	Waiting int    `json:"waiting"`
	Queued  int    `json:"queued"`
}

func (a *API) submissions(ctx context.Context, in *submissionsInput) (*struct{ Body Submissions }, error) {
	list, err := a.opts.Store.Submissions(ctx, reader(ctx), in.Limit)
	if err != nil {
		return nil, a.failure(ctx, "report", err)
	}
	origins, err := a.opts.Store.SubmissionOrigins(ctx, reader(ctx))
	if err != nil {
		return nil, a.failure(ctx, "report", err)
	}
	out := &struct{ Body Submissions }{Submissions{append([]qianshao.Submission{}, list...), []OriginCount{}}}
	for i := range list {
		out.Body.Submissions[i].URL = mask.String(list[i].URL)
	}
	for _, o := range origins {
		out.Body.Open = append(out.Body.Open, OriginCount(o))
	}
	return out, nil
}

// ByID is the input of operations on one thing.
type ByID struct {
	ID string `path:"id"`
}

func (a *API) withdraw(ctx context.Context, in *ByID) (*struct{}, error) {
	_, err := a.visibleSubmission(ctx, in.ID)
	if err == nil {
		err = a.opts.Store.WithdrawSubmission(ctx, store.Signed{By: auth.From(ctx).Name, At: a.opts.Now()}, in.ID)
	}
	if err != nil {
		return nil, a.failure(ctx, "report", err)
	}
	return nil, nil // 204
}

func (a *API) submission(ctx context.Context, in *struct {
	IfChanged
	ByID
}) (*single[qianshao.Submission], error) {
	submission, err := a.visibleSubmission(ctx, in.ID)
	if err != nil {
		return nil, a.failure(ctx, "report", err)
	}
	submission.URL = mask.String(submission.URL)
	return answer(in.IfChanged, submission)
}

// visibleSubmission returns a report that the account may see; for any other it answers as if it
// did not exist.
func (a *API) visibleSubmission(ctx context.Context, id string) (qianshao.Submission, error) {
	submission, err := a.opts.Store.Submission(ctx, id)
	if err == nil && !reader(ctx).Sees(submission) {
		return qianshao.Submission{}, store.ErrNotFound
	}
	return submission, err
}
