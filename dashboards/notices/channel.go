package notices

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/notify"
	"github.com/qianshao/qianshao/store"
)

// channelRow is a channel as it is shown, without its address and its secret.
type channelRow struct {
	ID, Name, Host   string
	Kind             notify.Kind
	Secret, Disabled bool // Secret says that it has one
	To               []string
	Changed          time.Time
	// Alerts and Reports are how many alerts and scheduled reports use it.
	Alerts, Reports int
}

func rowOf(c *notify.Channel) channelRow {
	return channelRow{ID: c.ID, Name: c.Name, Host: hostOf(c), Kind: c.Kind, Secret: c.Secret != "", Disabled: c.Disabled, To: c.To, Changed: c.Changed}
}

type channelsPage struct {
	frame
	Channels []channelRow
	Kinds    []notify.Kind
	// Links says that the console's own address is set; without it, messages have no links.
	Links bool
}

func (n *Notices) serveChannels(w http.ResponseWriter, r *http.Request) {
	v := &channelsPage{frame: n.frame(w, r, "notices.channels"), Kinds: notify.Kinds()}
	list, err := n.opts.Store.Channels(r.Context())
	if err != nil {
		n.FailWith(w, r, err)
		return
	}
	for i := range list {
		row := rowOf(&list[i])
		if err := n.countUses(r.Context(), &row); err != nil {
			n.FailWith(w, r, err)
			return
		}
		v.Channels = append(v.Channels, row)
	}
	address, err := n.opts.ConsoleURL(r.Context())
	if err != nil {
		n.FailWith(w, r, err)
		return
	}
	v.Links = address != ""
	n.Render(w, r, http.StatusOK, "channels", v)
}

// countUses counts the alerts and scheduled reports that use a channel.
func (n *Notices) countUses(ctx context.Context, row *channelRow) error {
	alerts, err := n.opts.Store.Alerts(ctx)
	if err != nil {
		return err
	}
	for i := range alerts {
		if alerts[i].Channel == row.ID {
			row.Alerts++
		}
	}
	schedules, err := n.opts.Store.Schedules(ctx)
	for i := range schedules {
		if schedules[i].Channel == row.ID {
			row.Reports++
		}
	}
	return err
}

// channelFields are the fields of a channel's form, as typed. Addresses and secrets are missing:
// the form never shows them again.
type channelFields struct {
	Name, Language string
	Private        bool
	// For mail only.
	Server, Security, User, From, To string
}

// channelPage is the form of a channel, with its other buttons.
type channelPage struct {
	frame
	mistakes
	Kind   notify.Kind
	Fields channelFields
	// Channel is the existing channel; its ID is "" for a new one.
	Channel channelRow
	// NewSecret is shown once.
	NewSecret string
	// Tested says that a test message was sent; Refused is what the channel answered, "" if it
	// accepted the message.
	Tested  bool
	Refused string
}

// Path is where the form is sent.
func (v *channelPage) Path() string {
	if v.Channel.ID == "" {
		return "/notices/channels/new?kind=" + string(v.Kind)
	}
	return channelPath(v.Channel.ID)
}

func channelPath(id string) string { return "/notices/channels/" + id }

func (v *channelPage) IsMail() bool { return v.Kind == notify.Mail }

// HasSecret says whether a secret is typed in for this kind: WeCom's robots have none, and that of
// a webhook is generated here.
func (v *channelPage) HasSecret() bool {
	return v.Kind == notify.DingTalk || v.Kind == notify.Feishu || v.Kind == notify.Mail
}

// Help has the two lines of help for a field of this kind.
func (v *channelPage) Help(field string) [2]string {
	key := "notices.help." + string(v.Kind) + "." + field
	return [2]string{v.T(key + ".where"), v.T(key + ".how")}
}

func (n *Notices) serveNewChannel(w http.ResponseWriter, r *http.Request) {
	kind := notify.Kind(r.URL.Query().Get("kind"))
	if !kind.Valid() {
		n.NotFound(w, r)
		return
	}
	v := &channelPage{frame: n.frame(w, r, "notices.channel.new"), Kind: kind, Fields: channelFields{Language: n.languageOf(w, r), Security: "tls"}}
	n.Render(w, r, http.StatusOK, "channel", v)
}

// languageOf is the reader's language, the default for the messages of a new channel.
func (n *Notices) languageOf(w http.ResponseWriter, r *http.Request) string {
	return n.Layout(w, r, "notices.channel").Language.Code()
}

func (n *Notices) serveChannel(w http.ResponseWriter, r *http.Request) {
	c, err := n.opts.Store.Channel(r.Context(), r.PathValue("id"))
	if err != nil {
		n.failOrMissing(w, r, err)
		return
	}
	n.showChannel(w, r, http.StatusOK, &channelPage{frame: n.frame(w, r, "notices.channel"), Fields: fieldsOf(&c)}, &c)
}

// fieldsOf are the fields of a channel that may be shown again.
func fieldsOf(c *notify.Channel) channelFields {
	return channelFields{Name: c.Name, Language: c.Language, Private: c.Private, From: c.From, To: strings.Join(c.To, "\n"), Security: "tls"}
}

// showChannel shows the page of an existing channel; v holds what the caller has filled in.
func (n *Notices) showChannel(w http.ResponseWriter, r *http.Request, status int, v *channelPage, c *notify.Channel) {
	v.Kind, v.Channel = c.Kind, rowOf(c)
	if err := n.countUses(r.Context(), &v.Channel); err != nil {
		n.FailWith(w, r, err)
		return
	}
	n.Render(w, r, status, "channel", v)
}

func (n *Notices) takeNewChannel(w http.ResponseWriter, r *http.Request) {
	kind := notify.Kind(r.URL.Query().Get("kind"))
	if !kind.Valid() {
		n.NotFound(w, r)
		return
	}
	n.putChannel(w, r, notify.Channel{Kind: kind}, "notices.channel.new")
}

func (n *Notices) takeChannel(w http.ResponseWriter, r *http.Request) {
	c, err := n.opts.Store.Channel(r.Context(), r.PathValue("id"))
	if err != nil {
		n.failOrMissing(w, r, err)
		return
	}
	n.putChannel(w, r, c, "notices.channel")
}

// putChannel saves the form of a channel; of a new one if it has no id. A generated secret is shown
// in the answer, and never again.
func (n *Notices) putChannel(w http.ResponseWriter, r *http.Request, c notify.Channel, title string) {
	v, old := &channelPage{frame: n.frame(w, r, title), Kind: c.Kind, mistakes: mistakes{}}, c
	v.read(r, &c)
	if c.Kind == notify.Webhook && (c.ID == "" || r.PostFormValue("newsecret") != "") {
		v.NewSecret = newWebhookSecret()
		c.Secret = v.NewSecret
	}
	done := "saved"
	if c.ID == "" {
		c.ID, done = newID(), "added"
	}
	if len(v.mistakes) == 0 {
		err := n.opts.Store.PutChannel(r.Context(), n.signed(r), c)
		field, text, is := refused(v.Layout, err)
		switch {
		case is:
			v.mistakes[field] = text
		case err != nil || v.NewSecret == "":
			n.answer(w, r, err, channelPath(c.ID), done)
			return
		}
	}
	switch {
	case len(v.mistakes) == 0:
		c.Changed = n.Now()
		v.Done = "notices.done." + done
		n.opts.Engine.Wake()
		n.showChannel(w, r, http.StatusOK, v, &c)
	case old.ID == "":
		v.NewSecret = ""
		n.Render(w, r, http.StatusUnprocessableEntity, "channel", v)
	default:
		v.NewSecret = ""
		n.showChannel(w, r, http.StatusUnprocessableEntity, v, &old)
	}
}

// read reads the form into a channel, and records its mistakes. An address or secret that was left
// empty is not changed.
func (v *channelPage) read(r *http.Request, c *notify.Channel) {
	f := &v.Fields
	text := func(name string) string { return strings.TrimSpace(r.PostFormValue(name)) }
	f.Name, f.Language, f.Private = typedName(r), text("language"), text("private") != ""
	f.Server, f.Security, f.User, f.From, f.To = text("server"), text("security"), text("user"), text("from"), r.PostFormValue("to")
	c.Name, c.Language, c.Private = f.Name, f.Language, f.Private
	if !notify.ValidName(c.Name) {
		v.mistakes["name"] = v.T("notices.refused.name", notify.MaxName)
	}
	if c.Language != "zh" && c.Language != "en" {
		v.mistakes["language"] = v.T("notices.refused.language")
	}
	secret := text("secret")
	if len(secret) > maxSecret || strings.ContainsFunc(secret, qianshao.Unseen) || !v.IsMail() && strings.ContainsFunc(secret, unprintable) {
		v.mistakes["secret"] = v.T("notices.refused.secret")
	}
	if v.IsMail() {
		v.readMail(c, secret)
		return
	}
	if v.HasSecret() {
		switch {
		case secret != "":
			c.Secret = secret
		case text("nosecret") != "":
			c.Secret = ""
		}
	}
	if address := text("address"); address != "" || c.Address == "" {
		c.Address = address
	}
	if key, other := checkAddress(c.Kind, c.Address, c.Private); key == "notices.refused.vendor" {
		v.mistakes["address"] = v.T(key, v.KindName(other))
	} else if key != "" {
		v.mistakes["address"] = v.T(key)
	}
}

// readMail reads the fields for mail. If the server changes, the old password is not kept: a new
// server must not receive it.
func (v *channelPage) readMail(c *notify.Channel, secret string) {
	f, isNew := &v.Fields, v.Fields.Server != "" || c.Address == ""
	if isNew {
		address, ok := mailAddress(f.Server, f.User, f.Security)
		if !ok {
			v.mistakes["server"] = v.T("notices.refused.server")
		} else if secret == "" && f.User != "" {
			v.mistakes["secret"] = v.T("notices.refused.password")
		}
		c.Address, c.Secret = address, ""
	}
	if secret != "" {
		c.Secret = secret
	}
	if c.From = f.From; !isMailbox(c.From) {
		v.mistakes["from"] = v.T("notices.refused.mailbox")
	}
	var ok bool
	if c.To, ok = mailboxes(f.To); !ok {
		v.mistakes["to"] = v.T("notices.refused.to", maxTo)
	}
}

// newWebhookSecret generates a secret as Standard Webhooks defines it, with 256 bits.
func newWebhookSecret() string {
	key := make([]byte, 32)
	rand.Read(key) // never fails, see crypto/rand
	return "whsec_" + base64.StdEncoding.EncodeToString(key)
}

// readTime is how long the page that reports a test may use the store.
const readTime = 10 * time.Second

// testChannel sends a test message, and shows the result at once. It goes on even if the reader has
// left, within the engine's time for an attempt, and the result is logged. A receiver that hangs
// takes longer than a request may, so the page gets additional time to say so.
func (n *Notices) testChannel(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), notify.AttemptTime+readTime)
	defer cancel()
	r = r.WithContext(ctx)
	c, err := n.opts.Store.Channel(r.Context(), r.PathValue("id"))
	if err != nil {
		n.failOrMissing(w, r, err)
		return
	}
	v := &channelPage{frame: n.frame(w, r, "notices.channel"), Fields: fieldsOf(&c), Tested: true}
	err = n.opts.Engine.Test(ctx, c.ID)
	var answered *notify.SendError
	switch {
	case errors.As(err, &answered):
		v.Refused = v.Said(answered.Text, answered.Fault)
	case err != nil:
		n.failOrMissing(w, r, err)
		return
	}
	n.showChannel(w, r, http.StatusOK, v, &c)
}

func (n *Notices) switchChannel(w http.ResponseWriter, r *http.Request) {
	c, err := n.opts.Store.Channel(r.Context(), r.PathValue("id"))
	if err != nil {
		n.failOrMissing(w, r, err)
		return
	}
	c.Disabled = r.PostFormValue("off") != ""
	n.answer(w, r, n.opts.Store.PutChannel(r.Context(), n.signed(r), c), channelPath(c.ID), onOff(c.Disabled))
}

func (n *Notices) deleteChannel(w http.ResponseWriter, r *http.Request) {
	err := n.opts.Store.DeleteChannel(r.Context(), n.signed(r), r.PathValue("id"))
	if errors.Is(err, store.ErrNotFound) {
		err = nil // already deleted, which is no error
	}
	n.answer(w, r, err, "/notices/channels", "deleted")
}
