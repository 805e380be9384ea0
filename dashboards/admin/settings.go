package admin

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/qianshao/qianshao/dashboards/auth"
	"github.com/qianshao/qianshao/dashboards/page"
	"github.com/qianshao/qianshao/store"
)

// settingsPage shows the settings that apply to everybody: those that can be changed here, and
// those that the operator sets when starting the server.
type settingsPage struct {
	frame
	Forms         []settingForm
	RequireFactor bool
	Done          bool
}

// settingForm is the form for one setting. Value is the current one, or what was typed if there is
// a problem with it.
type settingForm struct {
	Setting            store.Setting
	Title, Label, Help string
	Value              string
	// Keyboard is the keyboard that a telephone shows: "" for text, otherwise that for numbers.
	Keyboard string
	// Example is shown in an empty text field.
	Example string
	// Note says what else there is to know about the value.
	Note    string
	Problem string
}

func (a *Admin) serveSettings(w http.ResponseWriter, r *http.Request) {
	v := &settingsPage{frame: a.frame(w, r, "admin.settings"), Done: r.FormValue("done") != ""}
	a.showSettings(w, r, v, "", "")
}

// showSettings shows the current settings. A refused one is shown as it was typed, with its
// problem.
func (a *Admin) showSettings(w http.ResponseWriter, r *http.Request, v *settingsPage, refused store.Setting, problem string) {
	forms, err := a.settingForms(r.Context(), v.Layout)
	if err != nil {
		a.FailWith(w, r, err)
		return
	}
	status := http.StatusOK
	for i := range forms {
		if f := &forms[i]; problem != "" && f.Setting == refused {
			f.Value, f.Problem, status = v.Plain(r.PostFormValue("value")), problem, http.StatusUnprocessableEntity
		}
	}
	v.Forms, v.RequireFactor = forms, a.opts.RequireFactor
	a.Render(w, r, status, "settings", v)
}

// settingForms returns the forms in the order of the page, with the current values.
func (a *Admin) settingForms(ctx context.Context, v *page.Layout) ([]settingForm, error) {
	share, badShare := a.opts.Accounts.SecondReviewShare(ctx)
	days, badDays := a.opts.Accounts.TokenDays(ctx)
	reports, badReports := a.opts.Accounts.OpenReports(ctx)
	zone, badZone := a.opts.Accounts.Zone(ctx)
	address, badAddress := a.opts.Accounts.ConsoleURL(ctx)
	note := ""
	if zone != "" && zone != v.TimeZone().String() {
		note = v.T("admin.zone.waits")
	}
	return []settingForm{
		{Setting: store.SettingSecondReview, Title: v.T("admin.share"), Label: v.T("admin.share.label"), Help: v.T("admin.share.help"), Value: perCent(share), Keyboard: "decimal"},
		{Setting: store.SettingTokenDays, Title: v.T("admin.days"), Label: v.T("admin.days.label"), Help: v.T("admin.days.help"), Value: strconv.Itoa(days), Keyboard: "numeric"},
		{Setting: store.SettingOpenReports, Title: v.T("admin.reports"), Label: v.T("admin.reports.label"), Help: v.T("admin.reports.help"), Value: strconv.Itoa(reports), Keyboard: "numeric"},
		{Setting: store.SettingZone, Title: v.T("admin.zone"), Label: v.T("admin.zone.label"), Help: v.T("admin.zone.help", v.Zone()), Value: zone, Note: note, Example: "Asia/Shanghai"},
		{Setting: store.SettingConsoleURL, Title: v.T("admin.url"), Label: v.T("admin.url.label"), Help: v.T("admin.url.help"), Value: address, Example: "https://qianshao.example.cn"},
	}, errors.Join(badShare, badDays, badReports, badZone, badAddress)
}

func perCent(share float64) string { return strconv.FormatFloat(share*100, 'g', 6, 64) }

// readShare reads a percentage, with or without a per cent sign. For anything that is not a number
// it returns a value that is not a valid share.
func readShare(text string) float64 {
	x, err := strconv.ParseFloat(strings.TrimSpace(strings.TrimRight(text, "%％ ")), 64)
	if err != nil {
		return -1
	}
	return x / 100
}

// set handles the form of one setting, named by the field "setting".
func (a *Admin) set(w http.ResponseWriter, r *http.Request) {
	by, value, setting := auth.From(r.Context()).Name, r.PostFormValue("value"), store.Setting(r.PostFormValue("setting"))
	var err error
	switch setting {
	case store.SettingSecondReview:
		err = a.opts.Accounts.SetSecondReviewShare(r.Context(), by, readShare(value))
	case store.SettingTokenDays:
		days, _ := strconv.Atoi(strings.TrimSpace(value)) // text that is not a number becomes 0, which is refused
		err = a.opts.Accounts.SetTokenDays(r.Context(), by, days)
	case store.SettingOpenReports:
		n, _ := strconv.Atoi(strings.TrimSpace(value)) // as above
		err = a.opts.Accounts.SetOpenReports(r.Context(), by, n)
	case store.SettingZone:
		err = a.opts.Accounts.SetZone(r.Context(), by, strings.TrimSpace(value))
	case store.SettingConsoleURL:
		err = a.opts.Accounts.SetConsoleURL(r.Context(), by, value)
	default:
		a.NotFound(w, r)
		return
	}
	v := &settingsPage{frame: a.frame(w, r, "admin.settings")}
	if err == nil {
		http.Redirect(w, r, "/admin/settings?done=set", http.StatusSeeOther)
	} else if problem := refused(v.Layout, err); problem != "" {
		a.showSettings(w, r, v, setting, problem)
	} else {
		a.FailWith(w, r, err)
	}
}
