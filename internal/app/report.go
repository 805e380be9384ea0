package app

import (
	"bytes"
	"context"
	"errors"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/dashboards/statistics"
	"github.com/qianshao/qianshao/locales"
	"github.com/qianshao/qianshao/notify"
	"github.com/qianshao/qianshao/report"
	"github.com/qianshao/qianshao/report/document"
	"github.com/qianshao/qianshao/store"
)

// scheduledReport makes the report of a schedule: what the account sees of the period, in the language of the
// channel, with files for mail.
func (a *App) scheduledReport(ctx context.Context, s notify.Schedule, account qianshao.Account, from, _ time.Time) (*notify.Attached, error) {
	noon := from.Add(12 * time.Hour) // midnight may not exist, where clocks are put forward then
	period := report.Week(noon, from.Location())
	if s.Period == notify.Month {
		period = report.Month(noon, from.Location())
	}
	r, err := a.Folder.Report(ctx, report.Query{Period: period, Sight: account.Sight, Authorisation: s.Authorisation})
	if err != nil {
		return nil, err
	}
	channel, err := a.Folder.Store.Channel(ctx, s.Channel)
	if err != nil && !errors.Is(err, store.ErrNotFound) { // the engine sends nothing if there is no channel
		return nil, err
	}
	language, _ := locales.Parse(channel.Language)
	d := document.New(r, document.Options{Language: language, Version: a.opts.Version})
	attached := &notify.Attached{Title: d.Title + " " + d.Period, Lines: d.Lines()}
	for _, format := range []document.Format{document.HTML, document.DOCX} {
		var body bytes.Buffer
		if err := d.Write(&body, format); err != nil {
			return nil, err
		}
		attached.Files = append(attached.Files, notify.File{Name: d.FileName(format), Type: format.MediaType(), Body: body.Bytes()})
	}
	console, err := a.Folder.Accounts.ConsoleURL(ctx)
	if err == nil && console != "" {
		attached.Link = statistics.URL(console, period, s.Authorisation)
	}
	return attached, err
}
