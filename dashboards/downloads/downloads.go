// Package downloads exports findings: it takes the form that pages show for a finding, a campaign,
// a batch, listed findings or a query, and answers with a file.
package downloads

import (
	"embed"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/qianshao/qianshao/dashboards/auth"
	"github.com/qianshao/qianshao/dashboards/page"
	"github.com/qianshao/qianshao/desk"
	"github.com/qianshao/qianshao/export"
	"github.com/qianshao/qianshao/index"
)

//go:embed templates/*.html
var files embed.FS

// Path is where the form is sent. It may take longer than other requests: export.MaxTime.
const Path = "/export"

// Downloads answers with files.
type Downloads struct {
	*page.Room
	exporter *export.Exporter
}

// New returns the room.
func New(base *page.Base, exporter *export.Exporter) (*Downloads, error) {
	room, err := base.Room(files)
	return &Downloads{Room: room, exporter: exporter}, err
}

// Route adds the route. Whoever may see something may export it.
func (d *Downloads) Route(mux page.Mux) {
	mux.HandleFunc("POST "+Path, d.serve)
}

func (d *Downloads) serve(w http.ResponseWriter, r *http.Request) {
	v := &failedPage{Layout: d.Layout(w, r, "export.failed")}
	request, back := requestOf(r)
	request.English, v.Back = v.IsEnglish(), back
	file, err := d.exporter.Export(r.Context(), auth.From(r.Context()), request)
	if err != nil {
		d.fail(w, r, v, err)
		return
	}
	defer file.Close()
	if err := file.Send(w, w.Header().Set, http.NewResponseController(w).SetWriteDeadline); err != nil { // the browser has gone; the act still says that it was exported
		d.Log.Warn("an export was not sent completely", "act", file.Act, "error", err)
	}
}

// requestOf reads the form, and returns the page that it was sent from.
func requestOf(r *http.Request) (q export.Request, back string) {
	q = export.Request{Finding: r.PostFormValue("finding"), Campaign: r.PostFormValue("campaign"), Format: export.Format(r.PostFormValue("format"))}
	q.Batch, _ = strconv.ParseInt(r.PostFormValue("batch"), 10, 64) // text that is not a number means no batch
	if ticked := r.PostForm["finding"]; len(ticked) > 1 {
		q.Finding, q.Findings = "", ticked
	}
	for _, list := range r.PostForm["ids"] {
		q.Findings = append(q.Findings, strings.FieldsFunc(list, func(c rune) bool { return c == ',' || c == ' ' || c == '\n' || c == '\r' })...)
	}
	if r.PostForm.Has("q") {
		query := strings.TrimSpace(r.PostFormValue("q"))
		q.Query = &query
	}
	switch {
	case q.Finding != "":
		back = "/findings/" + url.PathEscape(q.Finding)
	case q.Campaign != "":
		back = "/campaigns/" + url.PathEscape(q.Campaign)
	case q.Batch != 0:
		back = "/batches/" + strconv.FormatInt(q.Batch, 10)
	case q.Query != nil:
		back = page.SearchURL(*q.Query)
	default:
		back = "/"
	}
	return q, back
}

// failedPage says why there is no file.
type failedPage struct {
	*page.Layout
	Why, Back string
}

func (d *Downloads) fail(w http.ResponseWriter, r *http.Request, v *failedPage, err error) {
	var refusal *export.Refusal
	var syntax *index.SyntaxError
	status := http.StatusUnprocessableEntity
	switch {
	case errors.Is(err, desk.ErrNotFound):
		d.NotFound(w, r)
		return
	case errors.As(err, &refusal):
		v.Why = refusal.In(v.Language)
		if refusal.Code == export.RefusedBusy {
			status = http.StatusTooManyRequests
			w.Header().Set("Retry-After", "10")
		}
	case errors.As(err, &syntax):
		status = http.StatusBadRequest
		v.Why = v.Misread(syntax)
	default:
		d.FailWith(w, r, err)
		return
	}
	d.Render(w, r, status, "failed", v)
}
