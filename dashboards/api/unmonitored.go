package api

import (
	"fmt"
	"net/http"
	"slices"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze/mask"
)

// How many rows of what is not monitored are listed: unless told, and at most.
const (
	defaultUnmonitored = 200
	maxUnmonitored     = 1000
	// maxUnmonitoredOffset is beyond the hosts of any register.
	maxUnmonitoredOffset = 10_000_000
)

// Unmonitored is a host or an authorisation that is not monitored, with what to do.
type Unmonitored struct {
	qianshao.Unmonitored
	Remedy        string `json:"remedy"`
	RemedyChinese string `json:"remedy_zh"`
}

// NewUnmonitored returns a row in the form of the API, with the remedy of its reason.
func NewUnmonitored(row qianshao.Unmonitored, remedy func(qianshao.UnmonitoredReason) (english, chinese string)) Unmonitored {
	row.Host = mask.String(row.Host)
	english, chinese := remedy(row.Reason)
	return Unmonitored{row, english, chinese}
}

// UnmonitoredPage is a part of the list of what is not monitored.
type UnmonitoredPage struct {
	Unmonitored []Unmonitored `json:"unmonitored"`
	// Total is the number of rows that there are for the reason asked for.
	Total int `json:"total"`
	// Counts are the numbers of all rows by reason, every reason included.
	Counts qianshao.UnmonitoredCounts `json:"counts"`
}

func (a *API) unmonitored(w http.ResponseWriter, r *http.Request) {
	request := qianshao.UnmonitoredRequest{Reason: qianshao.UnmonitoredReason(r.FormValue("reason"))}
	var err error
	if request.Reason != "" && !slices.Contains(qianshao.UnmonitoredReasons(), request.Reason) {
		err = fmt.Errorf("reason must be one of %v", qianshao.UnmonitoredReasons())
	}
	if err == nil {
		request.Offset, err = number(r, "offset", 0, maxUnmonitoredOffset)
	}
	if err == nil {
		request.Limit, err = number(r, "limit", defaultUnmonitored, maxUnmonitored)
	}
	if err != nil {
		a.WriteError(w, http.StatusBadRequest, Error{Code: "bad_parameter", Message: err.Error()})
		return
	}
	list, err := a.opts.Unmonitored(r.Context(), request)
	if err != nil {
		a.fail(w, r, err)
		return
	}
	page := UnmonitoredPage{Unmonitored: []Unmonitored{}, Total: list.Total(request.Reason), Counts: qianshao.UnmonitoredCounts{}}
	for _, reason := range qianshao.UnmonitoredReasons() {
		page.Counts[reason] = list.Counts[reason]
	}
	for _, row := range list.Rows {
		page.Unmonitored = append(page.Unmonitored, NewUnmonitored(row, a.opts.Remedy))
	}
	a.writeJSON(w, http.StatusOK, page)
}
