package statistics

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"strconv"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/dashboards/auth"
	"github.com/qianshao/qianshao/desk"
	"github.com/qianshao/qianshao/report/document"
)

// serveFile sends a report as a file. The export is an act, recorded before the file is sent, with
// who did it, what it is about and the hash of the file.
func (s *Statistics) serveFile(w http.ResponseWriter, r *http.Request) {
	v, m, err := s.asked(w, r, r.PostFormValue)
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	format := document.Format(r.PostFormValue("format"))
	if v.Problem == "" && (!format.Valid() || s.opts.Desk == nil) {
		v.Problem = v.T("statistics.format")
	}
	if v.Problem != "" {
		s.Render(w, r, http.StatusUnprocessableEntity, "statistics", v)
		return
	}
	made, err := m.wait(r.Context(), filePatience)
	if errors.Is(err, errMaking) {
		v.Problem = v.T("statistics.later")
		w.Header().Set("Retry-After", "10")
		s.Render(w, r, http.StatusServiceUnavailable, "statistics", v)
		return
	}
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	var body bytes.Buffer
	d := s.document(v, made)
	err = d.Write(&body, format)
	if err == nil {
		sum := sha256.Sum256(body.Bytes())
		subject := qianshao.Subject{Kind: qianshao.SubjectExport, ID: hex.EncodeToString(sum[:])}
		_, err = s.opts.Desk.Record(r.Context(), auth.From(r.Context()).Name, qianshao.ActExport, subject,
			desk.Detail{Event: string(format), Words: "report: " + URL("", v.Period, v.Authorisation), After: strconv.Itoa(made.Volume.Findings)})
	}
	if err != nil {
		s.FailWith(w, r, err)
		return
	}
	w.Header().Set("Content-Type", format.MediaType())
	w.Header().Set("Content-Disposition", `attachment; filename="`+d.FileName(format)+`"`)
	_, _ = w.Write(body.Bytes()) // the client has gone; there is nobody to report an error to
}
