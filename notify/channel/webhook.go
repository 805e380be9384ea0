package channel

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strconv"
	"time"

	"github.com/qianshao/qianshao/notify"
)

// webhookVersion is the version of the body. It changes when a field's meaning changes, not when fields are
// added.
const webhookVersion = 1

// maxWebhook bounds the body, in bytes: receivers commonly accept a few hundred kilobytes.
const maxWebhook = 256 << 10

// event is the body of a webhook, documented in docs/api.md.
type event struct {
	Type    string    `json:"type"`
	Version int       `json:"version"`
	At      time.Time `json:"timestamp"`
	Data    data      `json:"data"`
}

type data struct {
	Alert  string               `json:"alert,omitempty"`
	View   string               `json:"view,omitempty"`
	Link   string               `json:"link,omitempty"`
	Counts map[notify.Event]int `json:"counts,omitempty"`
	Groups []campaign           `json:"groups,omitempty"`
	More   int                  `json:"more,omitempty"`
	Report *report              `json:"report,omitempty"`
}

type campaign struct {
	Campaign string               `json:"campaign,omitempty"`
	Events   map[notify.Event]int `json:"events"`
	Category string               `json:"category"`
	Level    string               `json:"level"`
	Score    int                  `json:"score"`
	Findings int                  `json:"findings"`
	Hosts    []string             `json:"hosts"`
	Sites    int                  `json:"sites"`
	First    time.Time            `json:"first_seen"`
	Link     string               `json:"link,omitempty"`
	Items    []item               `json:"items"`
}

type item struct {
	Finding  string       `json:"finding"`
	Event    notify.Event `json:"event"`
	Occurred time.Time    `json:"occurred"`
	URL      string       `json:"url"`
	Rule     string       `json:"rule"`
	Category string       `json:"category"`
	Level    string       `json:"level"`
	Score    int          `json:"score"`
	Link     string       `json:"link,omitempty"`
}

type report struct {
	Title string   `json:"title"`
	Lines []string `json:"lines"`
	Link  string   `json:"link,omitempty"`
}

// webhookBody returns the body of a message. If it would exceed maxWebhook, each group has fewer items.
func webhookBody(m *notify.Message) []byte {
	for most := notify.MaxItems; ; most /= 2 {
		if body := encode(eventOf(m, most)); len(body) <= maxWebhook || most == 0 {
			return body
		}
	}
}

func eventOf(m *notify.Message, items int) event {
	e := event{Type: "findings", Version: webhookVersion, At: m.At.UTC(), Data: data{Alert: m.Alert, View: m.View, Link: m.Link, Counts: m.Counts, More: m.Left}}
	switch {
	case m.Test:
		e.Type = "test"
	case m.Report != nil:
		e.Type = "report"
		e.Data.Report = &report{Title: m.Report.Title, Lines: append([]string{}, m.Report.Lines...), Link: m.Report.Link}
	}
	for i := range m.Groups {
		g := &m.Groups[i]
		c := campaign{
			Campaign: g.Campaign, Events: g.Events, Category: string(g.Category), Level: g.Level.String(), Score: g.Score, Findings: g.Findings,
			Hosts: append([]string{}, g.Hosts...), Sites: g.Sites, First: g.First.UTC(), Link: g.Link, Items: []item{},
		}
		for _, t := range g.Items[:min(items, len(g.Items))] {
			c.Items = append(c.Items, item{
				Finding: t.Finding, Event: t.Event, Occurred: t.Occurred.UTC(), URL: t.URL, Rule: t.Rule, Category: string(t.Category),
				Level: t.Level.String(), Score: t.Score, Link: t.Link,
			})
		}
		e.Data.Groups = append(e.Data.Groups, c)
	}
	return e
}

// sendWebhook sends a message by Standard Webhooks:
// https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
func (s *Sender) sendWebhook(ctx context.Context, c *notify.Channel, m *notify.Message) error {
	key, err := webhookKey(c.Secret)
	if err != nil {
		return err
	}
	body, at := webhookBody(m), s.opts.Now()
	a, err := s.post(ctx, c, c.Address, http.Header{
		"Webhook-Id":        {m.Key},
		"Webhook-Timestamp": {strconv.FormatInt(at.Unix(), 10)},
		"Webhook-Signature": {signature(key, m.Key, at, body)},
	}, body)
	if err != nil {
		return err
	}
	if a.status/100 != 2 {
		return a.refused()
	}
	return nil
}

// signature signs an attempt.
func signature(key []byte, id string, at time.Time, body []byte) string {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(id + "." + strconv.FormatInt(at.Unix(), 10) + "."))
	mac.Write(body)
	return "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
}
