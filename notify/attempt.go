package notify

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/qianshao/qianshao/store"
)

const (
	// GiveUp is how long a delivery is retried: a receiver that is down for a day needs a person.
	GiveUp = 24 * time.Hour
	// AttemptTime is how long an attempt may take. A channel that hangs delays only its own messages.
	AttemptTime = 30 * time.Second
	// disabledWait is after how long a delivery to a disabled channel is checked again.
	disabledWait = 5 * time.Minute
	// maxProblem bounds the stored text of a failure, in bytes.
	maxProblem = 500
)

// backoff is how long a delivery waits after failed attempts: a receiver that restarts is back within
// minutes, and one that is down for hours need not be tried often.
func backoff(attempts int) time.Duration {
	waits := [...]time.Duration{time.Minute, 2 * time.Minute, 5 * time.Minute, 15 * time.Minute, 30 * time.Minute, time.Hour}
	return waits[min(max(attempts, 1), len(waits))-1]
}

// startWorkers starts a worker for each channel with a delivery due and no worker yet: at most MaxChannels,
// and those of deleted channels, which send nothing.
func (e *Engine) startWorkers(ctx context.Context) (started []chan struct{}, err error) {
	due, err := e.opts.Store.DueChannels(ctx, e.opts.Now())
	if err != nil {
		return nil, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, channel := range due {
		if e.busy[channel] != nil {
			continue
		}
		ended := make(chan struct{})
		e.busy[channel] = ended
		started = append(started, ended)
		go func() {
			defer func() {
				e.mu.Lock()
				defer e.mu.Unlock()
				delete(e.busy, channel)
				close(ended)
			}()
			e.work(ctx, channel)
		}()
	}
	return started, nil
}

// work sends a channel's due messages, one after another, until an attempt fails: the rest for a channel
// that is down is tried in the next round.
func (e *Engine) work(ctx context.Context, channel string) {
	for ctx.Err() == nil {
		d, err := e.opts.Store.DueDelivery(ctx, channel, e.opts.Now())
		if errors.Is(err, store.ErrNotFound) {
			return
		}
		if err == nil {
			err = e.deliver(ctx, d)
		}
		if err != nil {
			if ctx.Err() == nil {
				e.opts.Log.Warn("a message was not delivered; nothing is lost", "delivery", d.Key, "channel", channel, "error", err)
			}
			return
		}
	}
}

// deliver makes an attempt to deliver, and records its result. The error is that of an attempt that will be
// repeated, or of the store.
func (e *Engine) deliver(ctx context.Context, d Delivery) error {
	if left, ok := e.unnotedOf(d.Key); ok {
		if left.State != Pending {
			return e.settle(ctx, left, "")
		}
		if d = left; d.Next.After(e.opts.Now()) {
			return e.putOff(ctx, d, time.Time{})
		}
	}
	c, err := e.opts.Store.Channel(ctx, d.Channel)
	if errors.Is(err, store.ErrNotFound) {
		return e.drop(ctx, d, "", ChannelGone)
	}
	if err != nil {
		return err
	}
	if c.Disabled {
		return e.waitForChannel(ctx, d, c)
	}
	m, err := e.compose(ctx, &d)
	if err != nil {
		return e.notComposed(ctx, d, c, err)
	}
	sending, cancel := context.WithTimeout(ctx, AttemptTime)
	err = e.opts.Send(sending, c, m)
	cancel()
	if err != nil && ctx.Err() != nil {
		return err // the process is ending: the message is sent again later
	}
	return e.conclude(ctx, d, c, &m, err)
}

// waitForChannel puts off a delivery to a disabled channel.
func (e *Engine) waitForChannel(ctx context.Context, d Delivery, c Channel) error {
	now := e.opts.Now()
	if d.Next = now.Add(disabledWait); d.Next.Sub(d.Since) < GiveUp {
		return e.opts.Store.PutOff(ctx, d, time.Time{})
	}
	d.State, d.Obstacle = Failed, ChannelDisabled
	return e.settle(ctx, d, c.Kind)
}

// drop settles a delivery without sending it: because of an obstacle, or because nothing is left to report.
func (e *Engine) drop(ctx context.Context, d Delivery, kind Kind, why Obstacle) error {
	d.State, d.Obstacle = Dropped, why
	return e.settle(ctx, d, kind)
}

// conclude records the result of an attempt to send a message.
func (e *Engine) conclude(ctx context.Context, d Delivery, c Channel, m *Message, failure error) error {
	now := e.opts.Now()
	d.Attempts++
	if failure == nil {
		d.State, d.Problem, d.Fault = Delivered, "", Fault{}
		return e.settle(ctx, d, c.Kind)
	}
	d.Problem, d.Fault = problem(failure, &c, m)
	wait, until := backoff(d.Attempts), time.Time{}
	var refused *SendError
	if errors.As(failure, &refused) {
		if refused.Final {
			d.State = Failed
			return e.settle(ctx, d, c.Kind)
		}
		if refused.After > 0 {
			wait, until = max(wait, refused.After), now.Add(refused.After)
		}
	}
	if d.Next = now.Add(wait); d.Next.Sub(d.Since) > GiveUp {
		d.State = Failed
		return e.settle(ctx, d, c.Kind)
	}
	e.opts.Count(c.Kind, Pending)
	return errors.Join(errors.New(d.Problem), e.putOff(ctx, d, until))
}

// putOff records a failed attempt, and when the next one is made.
func (e *Engine) putOff(ctx context.Context, d Delivery, until time.Time) error {
	return e.noted(d, e.opts.Store.PutOff(ctx, d, until))
}

// settle records the end of a delivery.
func (e *Engine) settle(ctx context.Context, d Delivery, kind Kind) error {
	if d.Settled.IsZero() {
		d.Settled = e.opts.Now()
		e.opts.Count(kind, d.State)
		if d.State == Failed {
			e.opts.Log.Error("a message has failed; see the log of deliveries", "delivery", d.Key, "channel", d.Channel, "attempts", d.Attempts, "problem", d.Problem, "obstacle", d.Obstacle)
		}
	}
	// A sent message is recorded even while the process is stopping.
	return e.noted(d, e.opts.Store.SettleDelivery(context.WithoutCancel(ctx), d))
}

// noted remembers results that the store could not record, so that the receiver does not get the message
// again and again while the disk is full.
func (e *Engine) noted(d Delivery, err error) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if err != nil {
		e.unnoted[d.Key] = d
	} else {
		delete(e.unnoted, d.Key)
	}
	return err
}

func (e *Engine) unnotedOf(key string) (Delivery, bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	d, ok := e.unnoted[key]
	return d, ok
}

// problem describes a failed attempt without the secrets of its channel: errors of Go's HTTP client contain
// the URL, and a robot's URL contains its token. Nor does it name the sites of findings: a receiver may
// repeat the message in its answer.
func problem(err error, c *Channel, m *Message) (string, Fault) {
	var refused *SendError
	var request *url.Error
	text, fault := err.Error(), Fault{}
	switch {
	case errors.As(err, &refused):
		text, fault = refused.Text, refused.Fault
	case errors.As(err, &request):
		text = fmt.Sprint(request.Op, ": ", request.Err)
	case errors.Is(err, context.DeadlineExceeded):
		text, fault = fmt.Sprintf("no answer within %s", AttemptTime), NewFault(FaultTime)
	}
	shown := func(text string) string {
		return cutProblem(strings.ToValidUTF8(Without(text, secretsOf(c, m)), "\uFFFD"))
	}
	return shown(text), fault.With(shown)
}

// secretsOf returns the texts of a channel and of a message that must not be shown.
func secretsOf(c *Channel, m *Message) []string {
	secrets := []string{c.Address, c.Secret}
	if u, err := url.Parse(c.Address); err == nil {
		secrets = append(secrets, u.RawQuery)
		if password, ok := u.User.Password(); ok {
			secrets = append(secrets, password)
		}
		for _, values := range u.Query() {
			secrets = append(secrets, values...)
		}
	}
	for i := range m.Groups {
		for _, it := range m.Groups[i].Items {
			secrets = append(secrets, it.URL)
		}
		for _, host := range m.Groups[i].Hosts {
			secrets = append(secrets, host, strings.ReplaceAll(host, ".", "[.]"))
		}
	}
	return secrets
}

// cutProblem cuts a failure's text to the stored length.
func cutProblem(text string) string {
	for len(text) > maxProblem {
		_, size := utf8.DecodeLastRuneInString(text)
		text = text[:len(text)-size]
	}
	return text
}

// Test sends a test message to a channel, once and at once, and logs it as a delivery. It is not counted in
// the metrics: no alert rule should fire because an administrator is looking for a mistake. The error
// contains the channel's answer; it is store.ErrNotFound if there is no such channel.
func (e *Engine) Test(ctx context.Context, channel string) error {
	c, err := e.opts.Store.Channel(ctx, channel)
	if err != nil {
		return err
	}
	link, err := e.opts.ConsoleURL(ctx)
	if err != nil {
		return err
	}
	now := e.opts.Now()
	d := Delivery{Key: newKey(), Channel: channel, State: Delivered, Created: now, Since: now, Next: now, Attempts: 1}
	sending, cancel := context.WithTimeout(ctx, AttemptTime)
	defer cancel()
	failure := e.opts.Send(sending, c, Message{Key: d.Key, At: now, Test: true, Link: link, Zone: e.opts.Zone})
	if failure != nil {
		d.State = Failed
		d.Problem, d.Fault = problem(failure, &c, &Message{})
		failure = &SendError{Text: d.Problem, Fault: d.Fault, Final: true}
	}
	d.Settled = e.opts.Now()
	return errors.Join(failure, e.opts.Store.LogDelivery(context.WithoutCancel(ctx), d))
}
