package app

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/dashboards/metrics"
	"github.com/qianshao/qianshao/index"
	"github.com/qianshao/qianshao/internal/datafolder"
	"github.com/qianshao/qianshao/notify"
	"github.com/qianshao/qianshao/notify/channel"
)

// lastNotices is how long a crawl waits at its end for messages to be sent. The next process
// sends the rest.
const lastNotices = time.Minute

// newNotices returns the engine that notifies people of the folder's findings.
func newNotices(a *App) (engine *notify.Engine, err error) {
	if a.sender, err = newSender(&a.opts); err != nil {
		return nil, err
	}
	return newEngine(a.Folder, &a.opts, notify.Options{
		Send: a.sender.Send, Report: a.scheduledReport, Count: a.countDelivery,
		Find: func(ctx context.Context, account qianshao.Account, query string, ids []string) ([]index.Hit, error) {
			return a.Folder.FindAmong(ctx, a.Index, account, query, ids, a.opts.Now())
		},
	})
}

// newEngine returns an engine for a folder. o says how it sends, searches and counts.
func newEngine(f *datafolder.Folder, opts *Options, o notify.Options) (*notify.Engine, error) {
	if opts.Send != nil {
		o.Send = opts.Send
	}
	o.Store, o.ConsoleURL = f.Store, f.Accounts.ConsoleURL
	o.Account = func(ctx context.Context, name string) (qianshao.Account, error) {
		record, err := f.Store.Account(ctx, name)
		return record.Account, err
	}
	o.Zone, o.Now, o.Log = cmp.Or(opts.Zone, index.DefaultZone()), opts.Now, opts.Log
	return notify.NewEngine(o)
}

// TestChannel sends a test to a channel of a folder, whether or not a process is working on the
// folder. Of the options it needs Send or Outward, Version, Zone and Log. The error is that of
// notify.Engine's Test.
func TestChannel(ctx context.Context, f *datafolder.Folder, opts Options, id string) error {
	sender, err := newSender(&opts)
	if err != nil {
		return err
	}
	defer sender.Close()
	engine, err := newEngine(f, &opts, notify.Options{
		Send: sender.Send,
		Find: func(context.Context, qianshao.Account, string, []string) ([]index.Hit, error) {
			return nil, errors.New("a test searches nothing")
		},
	})
	if err != nil {
		return err
	}
	return engine.Test(ctx, id)
}

// countDelivery counts an attempt to deliver.
func (a *App) countDelivery(kind notify.Kind, outcome notify.State) {
	counted := map[notify.State]metrics.DeliveryOutcome{
		notify.Pending: metrics.DeliveryRetried, notify.Delivered: metrics.DeliveryDelivered, notify.Failed: metrics.DeliveryFailed, notify.Dropped: metrics.DeliveryDropped,
	}
	a.metrics.Delivery(string(kind), counted[outcome])
}

// deliveries returns the values of the gauges about deliveries.
func (a *App) deliveries(ctx context.Context) (d metrics.Deliveries, err error) {
	counts, oldest, err := a.Folder.Store.DeliveryStates(ctx)
	return metrics.Deliveries{Pending: counts[notify.Pending], Failed: counts[notify.Failed], Oldest: oldest}, err
}

// newSender returns the sender to channels, which uses the connections that the operator has set up.
func newSender(opts *Options) (*channel.Sender, error) {
	outward := opts.Outward
	if outward == nil {
		outward = &FetchOptions{}
		if opts.Crawl != nil {
			outward = &opts.Crawl.FetchOptions
		}
	}
	sender, err := channel.New(channel.Options{Version: opts.Version, Resolve: outward.Resolve, DNS: outward.DNS, Proxy: outward.Proxy})
	if err != nil {
		return nil, &datafolder.InputError{Err: err}
	}
	return sender, nil
}

// finishNotices sends messages about a crawl's findings before a process without a console
// ends. With a console the process goes on, and there is no hurry.
func (a *App) finishNotices(ctx context.Context) {
	if a.console != nil || ctx.Err() != nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, lastNotices)
	defer cancel()
	if err := a.Notices.Finish(ctx); err != nil {
		a.opts.Log.Warn("messages are sent when the program runs again", "error", err)
	}
}
