package admin

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/qianshao/qianshao/dashboards/auth"
	"github.com/qianshao/qianshao/store"
)

// settingsPage has what is set for all: what can be set here, as it is or as it was typed, and
// what the operator sets when the server is started.
type settingsPage struct {
	frame
	// Share is in per cent.
	Share, Days, Reports string
	// SetZone is the zone that is set, "" for that of the start; Waits says that it holds from
	// the next start only.
	SetZone       string
	Waits         bool
	RequireFactor bool
	Done          bool
	// Problem is about Setting.
	Problem string
	Setting store.Setting
}

func (a *Admin) serveSettings(w http.ResponseWriter, r *http.Request) {
	a.showSettings(w, r, http.StatusOK, &settingsPage{frame: a.frame(w, r, "admin.settings"), Done: r.FormValue("done") != ""})
}

// showSettings shows the settings as they are, and one that was refused as it was typed.
func (a *Admin) showSettings(w http.ResponseWriter, r *http.Request, status int, v *settingsPage) {
	share, err := a.opts.Accounts.SecondReviewShare(r.Context())
	if err != nil {
		a.FailWith(w, r, err)
		return
	}
	days, err := a.opts.Accounts.TokenDays(r.Context())
	if err != nil {
		a.FailWith(w, r, err)
		return
	}
	reports, err := a.opts.Accounts.OpenReports(r.Context())
	if err != nil {
		a.FailWith(w, r, err)
		return
	}
	if v.SetZone, err = a.opts.Accounts.Zone(r.Context()); err != nil {
		a.FailWith(w, r, err)
		return
	}
	v.Waits = v.SetZone != "" && v.SetZone != v.TimeZone().String()
	v.Share, v.Days, v.Reports, v.RequireFactor = perCent(share), strconv.Itoa(days), strconv.Itoa(reports), a.opts.RequireFactor
	switch typed := v.Plain(r.PostFormValue("value")); v.Setting {
	case store.SettingSecondReview:
		v.Share = typed
	case store.SettingTokenDays:
		v.Days = typed
	case store.SettingOpenReports:
		v.Reports = typed
	case store.SettingZone:
		v.SetZone = typed
	}
	a.Render(w, r, status, "settings", v)
}

// perCent writes a share as its form has it.
func perCent(share float64) string { return strconv.FormatFloat(share*100, 'g', 6, 64) }

// readShare reads what perCent writes, with a per cent sign or without; what is no number is
// no share.
func readShare(text string) float64 {
	x, err := strconv.ParseFloat(strings.TrimSpace(strings.TrimRight(text, "%％ ")), 64)
	if err != nil {
		return -1
	}
	return x / 100
}

// set takes the form of one setting, which the field setting names.
func (a *Admin) set(w http.ResponseWriter, r *http.Request) {
	by, value, setting := auth.From(r.Context()).Name, r.PostFormValue("value"), store.Setting(r.PostFormValue("setting"))
	var err error
	switch setting {
	case store.SettingSecondReview:
		err = a.opts.Accounts.SetSecondReviewShare(r.Context(), by, readShare(value))
	case store.SettingTokenDays:
		days, _ := strconv.Atoi(strings.TrimSpace(value)) // what is no number is 0, which is refused
		err = a.opts.Accounts.SetTokenDays(r.Context(), by, days)
	case store.SettingOpenReports:
		n, _ := strconv.Atoi(strings.TrimSpace(value)) // as above
		err = a.opts.Accounts.SetOpenReports(r.Context(), by, n)
	case store.SettingZone:
		err = a.opts.Accounts.SetZone(r.Context(), by, strings.TrimSpace(value))
	default:
		a.NotFound(w, r)
		return
	}
	v := &settingsPage{frame: a.frame(w, r, "admin.settings"), Setting: setting}
	if err == nil {
		http.Redirect(w, r, "/admin/settings?done=set", http.StatusSeeOther)
	} else if v.Problem = refused(v.Layout, err); v.Problem != "" {
		a.showSettings(w, r, http.StatusUnprocessableEntity, v)
	} else {
		a.FailWith(w, r, err)
	}
}
