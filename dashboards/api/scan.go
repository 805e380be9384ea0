package api

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/qianshao/qianshao"
)

// Scan judges a page or lines, and neither keeps nor logs anything of them. emit is called with
// each answer, in the order of the lines; an answer is what "qianshao scan" writes.
type Scan func(ctx context.Context, r ScanRequest, emit func(answer any) error) error

// ScanRequest is what is to be judged.
type ScanRequest struct {
	Body []byte
	// Lines says that the body is JSON lines, {"text": …} or {"html": …}; otherwise it is one page
	// of the content type.
	Lines       bool
	ContentType string
	// As is the form in which it is judged; if empty, the form is detected.
	As qianshao.Form
}

// Bounds of scans.
const (
	// MaxScan bounds the body, in bytes: a long page, or a thousand posts.
	MaxScan = 4 << 20
	// MaxScanLines bounds the lines.
	MaxScanLines = 1000
	// maxScans is how many scans run at a time: judging takes ten times the memory of its input,
	// and all cores, which the crawl needs, too.
	maxScans = 2
	// maxScanBodies is how many bodies are held at a time: those being judged, waiting, or still
	// arriving. Further ones are refused before their bodies are read: sixty of the largest at once
	// took 650 MB.
	maxScanBodies = 8
	// scanWait is how long a scan waits for its turn.
	scanWait = 5 * time.Second
)

// Content types that can be scanned.
const (
	typeHTML  = "text/html"
	typeText  = "text/plain"
	typeLines = "application/jsonl"
	typeND    = "application/x-ndjson"
)

func (a *API) routeScan() {
	content := map[string]*huma.MediaType{}
	for _, t := range []string{typeHTML, typeText, typeLines, typeND} {
		content[t] = &huma.MediaType{Schema: &huma.Schema{Type: huma.TypeString}}
	}
	answers := map[string]*huma.MediaType{
		"application/json": {Schema: &huma.Schema{Type: huma.TypeObject, Description: `Of a page: the line that "qianshao scan" writes.`}},
		typeLines:          {Schema: &huma.Schema{Type: huma.TypeString, Description: "For lines: one answer for each, in the same order."}},
	}
	a.unkeyed["POST "+Root+"/scan"] = "nothing is done that could be done twice"
	// Accounts that may report pages may also scan: for example platforms that publish other people's
	// posts.
	register(a, qianshao.PowerSubmit, huma.Operation{
		OperationID: "scan", Method: http.MethodPost, Path: "/scan",
		Summary:     "Judge a page, or up to 1,000 posts as JSON lines; nothing of it is kept",
		RequestBody: &huma.RequestBody{Required: true, Content: content}, MaxBodyBytes: MaxScan + 1,
		Middlewares: huma.Middlewares{a.holdScan},
		Responses:   map[string]*huma.Response{"200": {Description: "What was found", Content: answers}},
	}, a.scan)
}

type scanInput struct {
	As      qianshao.Form `query:"as" enum:"message,page" doc:"Judge it as a message or as a page; by default lines are messages and everything else is a page."`
	Type    string        `header:"Content-Type"`
	RawBody []byte
}

type scanned struct {
	Type string `header:"Content-Type"`
	Body []byte
}

func (a *API) scan(ctx context.Context, in *scanInput) (*scanned, error) {
	media := mediaType(in.Type)
	r := ScanRequest{Body: in.RawBody, Lines: media == typeLines || media == typeND, ContentType: in.Type, As: in.As}
	if r.Lines && bytes.Count(bytes.TrimSpace(r.Body), []byte("\n")) >= MaxScanLines {
		return nil, NewProblem(http.StatusRequestEntityTooLarge, "bad_body", "at most "+strconv.Itoa(MaxScanLines)+" lines at a time")
	}
	done, err := a.takeTurn(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	out := &scanned{Type: "application/json"}
	if r.Lines {
		out.Type = typeLines
	}
	// A scan runs to its end even if its client has left. Otherwise its turn would pass to another
	// one while its memory was not yet free.
	err = a.opts.Scan(context.WithoutCancel(ctx), r, func(answer any) error {
		line, err := json.Marshal(answer)
		out.Body = append(out.Body, append(line, '\n')...)
		return err
	})
	if err != nil {
		return nil, a.failure(ctx, "page", err)
	}
	return out, nil
}

// takeTurn waits until fewer than maxScans are running.
func (a *API) takeTurn(ctx context.Context) (done func(), err error) {
	wait, cancel := context.WithTimeout(ctx, scanWait)
	defer cancel()
	select {
	case a.scans <- struct{}{}:
		return func() { <-a.scans }, nil
	case <-wait.Done():
		return nil, huma.ErrorWithHeaders(scansBusy(), http.Header{"Retry-After": {scanRetry}})
	}
}

func (a *API) holdScan(ctx huma.Context, next func(huma.Context)) {
	select {
	case a.scanBodies <- struct{}{}:
		defer func() { <-a.scanBodies }()
		next(ctx)
	default:
		ctx.SetHeader("Retry-After", scanRetry)
		a.answer(ctx, scansBusy())
	}
}

// scanRetry is when a refused scan may be sent again, in seconds.
const scanRetry = "5"

func scansBusy() *Problem {
	return NewProblem(http.StatusTooManyRequests, "busy", "other scans are being worked on; send it again in a moment")
}
