package api

import (
	"context"
	"errors"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/qianshao/qianshao/dashboards/auth"
	"github.com/qianshao/qianshao/export"
	"github.com/qianshao/qianshao/index"
	"github.com/qianshao/qianshao/locales"
)

// ExportsPath is where exports are made. They may take longer than other requests: export.MaxTime.
const ExportsPath = Root + "/exports"

func (a *API) routeExports() {
	content := map[string]*huma.MediaType{}
	for _, f := range export.Formats() {
		content[mediaType(f.MediaType())] = &huma.MediaType{Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}
	}
	a.unkeyed["POST "+ExportsPath] = "a file may be larger than an answer that is kept"
	register(a, "", huma.Operation{
		OperationID: "export", Method: http.MethodPost, Path: "/exports", Summary: "Export findings as a file: evidence zip, CSV, JSON lines, Markdown",
		MaxBodyBytes: maxKeyed, Middlewares: huma.Middlewares{a.requireRead},
		Responses: map[string]*huma.Response{"200": {Description: "The file", Content: content}},
	}, a.export)
}

// requireRead refuses tokens that may not read. For GET, the guard has already refused them.
func (a *API) requireRead(ctx huma.Context, next func(huma.Context)) {
	if !auth.Reads(ctx.Context()) {
		a.answer(ctx, NewProblem(http.StatusForbidden, "forbidden", "the token lacks the scope read"))
		return
	}
	next(ctx)
}

// Export says what is to be exported: one of finding, campaign, batch, findings and query.
type Export struct {
	Format   export.Format `json:"format" enum:"zip,csv,jsonl,md"`
	Finding  string        `json:"finding,omitempty" maxLength:"64" doc:"The id of a finding."`
	Campaign string        `json:"campaign,omitempty" maxLength:"64" doc:"The id of a campaign; exports its members that you may see."`
	Batch    int64         `json:"batch,omitempty" minimum:"0" doc:"The id of a batch that you may read."`
	Findings []string      `json:"findings,omitempty" maxItems:"50000" doc:"The ids of findings."`
	Query    *string       `json:"query,omitempty" maxLength:"2000" doc:"A query; selects all findings that you can find with it."`
	Language string        `json:"language,omitempty" enum:"zh,en" doc:"The language of CSV and Markdown; zh by default."`
}

func (a *API) export(ctx context.Context, in *struct{ Body Export }) (*huma.StreamResponse, error) {
	b := &in.Body
	file, err := a.opts.Exporter.Export(ctx, auth.Acting(ctx), export.Request{
		Finding: b.Finding, Campaign: b.Campaign, Batch: b.Batch, Findings: b.Findings, Query: b.Query, Format: b.Format, English: b.Language == "en",
	})
	var refusal *export.Refusal
	var syntax *index.SyntaxError
	switch {
	case errors.As(err, &syntax):
		return nil, badQuery(syntax.Message(locales.English), syntax.Message(locales.Chinese), syntax.Column)
	case errors.As(err, &refusal) && refusal.Code == export.RefusedBusy:
		return nil, huma.ErrorWithHeaders(NewProblem(http.StatusTooManyRequests, "busy", refusal.Error()), http.Header{"Retry-After": {"10"}})
	case errors.As(err, &refusal):
		p := NewProblem(http.StatusUnprocessableEntity, "refused", refusal.Error())
		p.Refusal = refusal.Code
		return nil, p
	case err != nil:
		return nil, a.refusal(ctx, "finding, campaign or batch", err)
	}
	return &huma.StreamResponse{Body: func(c huma.Context) {
		defer file.Close()
		_, w := humago.Unwrap(c)
		if err := file.Send(w, w.Header().Set, http.NewResponseController(w).SetWriteDeadline); err != nil { // the client has gone; the act still says that it was exported
			a.opts.Log.WarnContext(ctx, "an export was not sent completely", "act", file.Act, "error", err)
		}
	}}, nil
}
