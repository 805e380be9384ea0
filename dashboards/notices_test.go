package dashboards

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/index"
	"github.com/qianshao/qianshao/notify"
	"github.com/qianshao/qianshao/store"
)

// withNotices gives the outpost an engine over its store that sends messages as a webhook does; it
// returns the messages sent.
func (o *outpost) withNotices(t *testing.T) *[]notify.Message {
	t.Helper()
	var sent []notify.Message
	engine, err := notify.NewEngine(notify.Options{
		Store: o.store, Zone: time.UTC, Now: o.options.Now, ConsoleURL: o.accounts.ConsoleURL,
		Find: func(context.Context, qianshao.Account, string, []string) ([]index.Hit, error) { return nil, nil },
		Account: func(ctx context.Context, name string) (qianshao.Account, error) {
			r, err := o.store.Account(ctx, name)
			return r.Account, err
		},
		Send: func(ctx context.Context, c notify.Channel, m notify.Message) error {
			sent = append(sent, m)
			return post(ctx, c.Address, m)
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	o.options.Notices = engine
	return &sent
}

func post(ctx context.Context, address string, m notify.Message) error {
	body, err := json.Marshal(map[string]any{"key": m.Key, "test": m.Test})
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(string(body)))
	if err != nil {
		return err
	}
	answer, err := http.DefaultClient.Do(r)
	if errors.Is(err, syscall.ECONNREFUSED) { // like a robot that repeats its token
		return &notify.SendError{Text: "wecom answered 93000: " + address, Fault: notify.NewFault(notify.FaultRobot, 93000, r.URL.RawQuery+"没有这个机器人"), Final: true}
	}
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusNoContent {
		return &notify.SendError{Text: fmt.Sprintf("the robot at %s says <b>%d</b>", address, answer.StatusCode), Final: true}
	}
	return nil
}

func chiefOf() qianshao.Account {
	return qianshao.Account{Name: "chief", Role: qianshao.RoleAdministrator, Sight: qianshao.SeeAll()}
}

// channelOf returns the channel with a name, as it is stored.
func (o *outpost) channelOf(t *testing.T, name string) notify.Channel {
	t.Helper()
	list, err := o.store.Channels(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(list, func(c notify.Channel) bool { return c.Name == name })
	if i < 0 {
		t.Fatalf("there is no channel %q among %d", name, len(list))
	}
	return list[i]
}

// everyPage returns the markup of all pages about notifications, and of those that show acts.
func (p *person) everyPage(t *testing.T, ids ...string) string {
	t.Helper()
	var all strings.Builder
	targets := []string{"/", "/notices", "/notices/alerts/new", "/notices/reports", "/notices/reports/new", "/notices/channels", "/notices/deliveries", "/trail", "/admin/settings", "/account"}
	for _, kind := range notify.Kinds() {
		targets = append(targets, "/notices/channels/new?kind="+string(kind))
	}
	for _, id := range ids {
		targets = append(targets, "/notices/channels/"+id)
	}
	for _, target := range targets {
		w := p.ask("GET", target, "", "Accept-Language", "en")
		if w.Code != http.StatusOK {
			t.Errorf("%s: %d", target, w.Code)
		}
		all.WriteString(w.Body.String())
	}
	w := p.post("/trail/export", "format", "csv")
	all.WriteString(w.Body.String())
	return all.String()
}

// TestChannelSecrets: the typed address and secret are stored, and are in no answer: not on any
// page, in a refused form or in the trail, nor when a test is refused.
func TestChannelSecrets(t *testing.T) {
	t.Parallel()
	o, _, _, _ := twoOwners(t)
	o.withDesk(t)
	o.withNotices(t)
	robot := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) }))
	defer robot.Close()
	chief := o.join(t, chiefOf())
	host := strings.TrimPrefix(robot.URL, "http://")
	const token, secret, password = "t0ken5ecre7", "SEC5ecre7", "pass 5ecre7"
	for _, c := range []struct {
		kind   notify.Kind
		fields []string
	}{
		{notify.DingTalk, []string{"name", "值班群", "language", "zh", "private", "1", "address", robot.URL + "/send?access_token=" + token, "secret", secret}},
		{notify.WeCom, []string{"name", "群", "language", "zh", "address", "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=" + token}},
		{notify.Feishu, []string{"name", "feishu", "language", "en", "address", "https://open.feishu.cn/open-apis/bot/v2/hook/" + token, "secret", secret}},
		{notify.Mail, []string{"name", "mail", "language", "zh", "server", "smtp.example.cn", "security", "tls", "user", "u5ecre7@example.cn", "secret", password, "from", "a@example.cn", "to", "b@example.cn，c@example.cn"}},
	} {
		target := "/notices/channels/new?kind=" + string(c.kind)
		bad := slices.Clone(c.fields)
		bad[1] = ""
		if w := chief.post(target, bad...); w.Code != http.StatusUnprocessableEntity || strings.Contains(w.Body.String(), token) || strings.Contains(w.Body.String(), secret) || strings.Contains(w.Body.String(), password) {
			t.Errorf("%s: refused with %d, and a secret: %s", c.kind, w.Code, w.Body)
		}
		if w := chief.post(target, c.fields...); w.Code != http.StatusSeeOther {
			t.Errorf("%s: %d %s", c.kind, w.Code, w.Body)
		}
	}
	if mail := o.channelOf(t, "mail"); mail.Address != "smtps://u5ecre7%40example.cn@smtp.example.cn:465" || mail.Secret != password || !slices.Equal(mail.To, []string{"b@example.cn", "c@example.cn"}) {
		t.Errorf("mail: %+v", mail)
	}
	group := o.channelOf(t, "值班群")
	w := chief.post("/notices/channels/" + group.ID + "/test")
	contains(t, w.Body.String(), "The test was not accepted:", "&lt;b&gt;403&lt;/b&gt;")
	all := w.Body.String() + chief.everyPage(t, group.ID, o.channelOf(t, "群").ID, o.channelOf(t, "feishu").ID, o.channelOf(t, "mail").ID)
	if strings.Contains(all, "5ecre7") {
		at := strings.Index(all, "5ecre7")
		t.Errorf("a secret is shown: %s", all[max(0, at-300):at+50])
	}
	contains(t, all, host, "qyapi.weixin.qq.com", "open.feishu.cn", "smtp.example.cn:465", "set on ")

	// An empty field keeps the old value; a typed one replaces it.
	if w := chief.post("/notices/channels/"+group.ID, "name", "新名", "language", "en", "private", "1"); w.Code != http.StatusSeeOther {
		t.Errorf("renamed: %d %s", w.Code, w.Body)
	}
	if now := o.channelOf(t, "新名"); now.Address != group.Address || now.Secret != secret || now.Language != "en" {
		t.Errorf("what was left empty has changed: %+v", now)
	}
	if w := chief.post("/notices/channels/"+group.ID, "name", "新名", "language", "en", "private", "1", "nosecret", "1", "address", robot.URL+"/other"); w.Code != http.StatusSeeOther {
		t.Errorf("another address: %d %s", w.Code, w.Body)
	}
	if now := o.channelOf(t, "新名"); now.Address != robot.URL+"/other" || now.Secret != "" {
		t.Errorf("the new address: %+v", now)
	}
	// The password of one server is not sent to another one.
	id := o.channelOf(t, "mail").ID
	mail := []string{"name", "mail", "language", "zh", "from", "a@example.cn", "to", "b@example.cn"}
	if w := chief.post("/notices/channels/"+id, append(mail, "server", "evil.example", "user", "u")...); w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), "is not sent to a new one") {
		t.Errorf("a new server: %d %s", w.Code, w.Body)
	}
	if w := chief.post("/notices/channels/"+id, append(mail, "server", "relay.example", "security", "starttls")...); w.Code != http.StatusSeeOther {
		t.Errorf("a relay: %d %s", w.Code, w.Body)
	}
	if now := o.channelOf(t, "mail"); now.Address != "smtp://relay.example:587" || now.Secret != "" {
		t.Errorf("the relay: %+v", now)
	}
}

var webhookSecret = regexp.MustCompile(`<code>(whsec_[A-Za-z0-9+/&#;]+=)</code>`)

// TestWebhookSecretOnce: the secret of a webhook is generated here, shown once, and generated again
// on request.
func TestWebhookSecretOnce(t *testing.T) {
	t.Parallel()
	o, _, _, _ := twoOwners(t)
	d := o.withDesk(t)
	sent := o.withNotices(t)
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }))
	defer receiver.Close()
	chief := o.join(t, chiefOf())
	w := chief.post("/notices/channels/new?kind=webhook", "name", "hook", "language", "zh", "private", "1", "address", receiver.URL)
	shown := webhookSecret.FindStringSubmatch(w.Body.String())
	c := o.channelOf(t, "hook")
	if w.Code != http.StatusOK || shown == nil || strings.ReplaceAll(shown[1], "&#43;", "+") != c.Secret {
		t.Fatalf("%d, and not the secret %q: %s", w.Code, c.Secret, w.Body)
	}
	if all := chief.everyPage(t, c.ID); strings.Contains(all, "whsec_") {
		t.Error("the secret is shown again")
	}
	path := "/notices/channels/" + c.ID
	if w := chief.post(path+"/test", "x", "1"); !strings.Contains(w.Body.String(), "The test was accepted.") || len(*sent) != 1 || !(*sent)[0].Test {
		t.Errorf("a test: %d messages, %s", len(*sent), w.Body)
	}
	if w := chief.post(path, "name", "hook", "language", "zh", "private", "1"); w.Code != http.StatusSeeOther || o.channelOf(t, "hook").Secret != c.Secret {
		t.Errorf("saved: %d, secret %q", w.Code, o.channelOf(t, "hook").Secret)
	}
	if w := chief.post(path, "name", "hook", "language", "zh", "private", "1", "newsecret", "1"); !webhookSecret.MatchString(w.Body.String()) || o.channelOf(t, "hook").Secret == c.Secret {
		t.Errorf("a new secret: %s", w.Body)
	}
	chief.post(path+"/switch", "off", "1")
	chief.post(path+"/switch", "x", "1")
	chief.post(path+"/delete", "x", "1")
	want := []string{"channel:" + c.ID + " added →hook", "channel:" + c.ID + " changed →hook", "channel:" + c.ID + " changed →hook", "channel:" + c.ID + " disabled →hook", "channel:" + c.ID + " enabled →hook", "channel:" + c.ID + " deleted →hook"}
	got := slices.DeleteFunc(changes(t, d), func(act string) bool { return !strings.HasPrefix(act, "channel:") })
	if !slices.Equal(got, want) {
		t.Errorf("the trail:\n%s", strings.Join(got, "\n"))
	}
}

// TestNoLinksTold: the page of channels says that messages have no links, until the console's
// address is set.
func TestNoLinksTold(t *testing.T) {
	t.Parallel()
	o, _, _, _ := twoOwners(t)
	o.withDesk(t)
	o.withNotices(t)
	chief := o.join(t, chiefOf())
	const told = "Messages have no links yet"
	if page := chief.see("/notices/channels"); !strings.Contains(page, told) {
		t.Errorf("nothing is said: %s", page)
	}
	if err := o.accounts.SetConsoleURL(t.Context(), chiefOf().Name, "https://console.example"); err != nil {
		t.Fatal(err)
	}
	if page := chief.see("/notices/channels"); strings.Contains(page, told) {
		t.Error("it is said of links that messages have")
	}
}

// TestSlowChannelTested: the page reports a test's result even if the request's own time is over by
// then, as happens with a receiver that hangs.
func TestSlowChannelTested(t *testing.T) {
	t.Parallel()
	o, _, _, _ := twoOwners(t)
	o.withDesk(t)
	o.withNotices(t)
	ctx, timeIsOver := context.WithCancel(t.Context())
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		timeIsOver()
		w.WriteHeader(http.StatusGatewayTimeout)
	}))
	defer receiver.Close()
	chief := o.join(t, chiefOf())
	chief.post("/notices/channels/new?kind=webhook", "name", "hook", "language", "zh", "private", "1", "address", receiver.URL)
	r := httptest.NewRequestWithContext(ctx, http.MethodPost, "http://127.0.0.1:8740/notices/channels/"+o.channelOf(t, "hook").ID+"/test", strings.NewReader("x=1"))
	setHeader(r, []string{"Content-Type", "application/x-www-form-urlencoded", "Accept-Language", "en"})
	chief.sign(r)
	w := httptest.NewRecorder()
	chief.handler.ServeHTTP(w, r)
	if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "The test was not accepted:") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// TestChannelsRefused: each mistake is shown at its field, in both languages, and what was typed is
// kept.
func TestChannelsRefused(t *testing.T) {
	t.Parallel()
	o, _, _, _ := twoOwners(t)
	o.withDesk(t)
	o.withNotices(t)
	chief := o.join(t, chiefOf())
	for _, tc := range []struct {
		kind     notify.Kind
		fields   []string
		says     string
		inZh     string
		mustKeep string
	}{
		{notify.DingTalk, []string{"name", "a\u202eb", "address", "https://x.example/"}, "visible characters", "看得见的字符", ""},
		{notify.DingTalk, []string{"name", "群", "address", "http://x.example/"}, "begins with https://", "地址要以 https:// 开头", "群"},
		{notify.DingTalk, []string{"name", "群", "address", "no address"}, "This is not a complete URL", "这不是完整的网址", "群"},
		{notify.DingTalk, []string{"name", "群", "address", "https://u:p@x.example/"}, "This is not a complete URL", "这不是完整的网址", "群"},
		{notify.DingTalk, []string{"name", "群"}, "This is not a complete URL", "这不是完整的网址", "群"},
		{notify.DingTalk, []string{"name", "群", "address", "https://open.feishu.cn/open-apis/bot/v2/hook/x"}, "an address of Feishu", "这是飞书的地址", "群"},
		{notify.DingTalk, []string{"name", "群", "address", "https://oapi.dingtalk.com/robot/send"}, "token is missing", "缺少机器人的令牌", "群"},
		{notify.WeCom, []string{"name", "群", "address", "https://qyapi.weixin.qq.com/cgi-bin/webhook/send"}, "token is missing", "缺少机器人的令牌", "群"},
		{notify.Feishu, []string{"name", "群", "address", "https://open.feishu.cn/open-apis/bot/v2/hook/"}, "token is missing", "缺少机器人的令牌", "群"},
		{notify.Feishu, []string{"name", "群", "address", "https://x.example/", "secret", "a b"}, "invisible characters", "看不见的字符", "群"},
		{notify.Mail, []string{"name", "群", "server", "http://x", "from", "a@x.cn", "to", "b@x.cn"}, "Enter a host and a port", "请填服务器名和端口", "a@x.cn"},
		{notify.Mail, []string{"name", "群", "server", "smtp.x.cn:99999", "from", "a@x.cn", "to", "b@x.cn"}, "Enter a host and a port", "请填服务器名和端口", "a@x.cn"},
		{notify.Mail, []string{"name", "群", "server", "smtp.x.cn", "from", "ann", "to", "b@x.cn"}, "Enter a mail address", "请填一个邮箱地址", "smtp.x.cn"},
		{notify.Mail, []string{"name", "群", "server", "smtp.x.cn", "from", "a@x.cn", "to", "b@x.cn nobody"}, "one a line", "每行一个", "b@x.cn nobody"},
	} {
		target := "/notices/channels/new?kind=" + string(tc.kind)
		fields := append([]string{"language", "zh"}, tc.fields...)
		w := chief.post(target, fields...)
		if w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), tc.says) || !strings.Contains(w.Body.String(), "aria-invalid") || !strings.Contains(w.Body.String(), tc.mustKeep) {
			t.Errorf("%v: %d, want %q: %s", tc.fields, w.Code, tc.says, mainOf(t, w))
		}
		form := url.Values{}
		for i := 0; i+1 < len(fields); i += 2 {
			form.Add(fields[i], fields[i+1])
		}
		if w := chief.ask("POST", target+"&lang=zh", form.Encode(), "Content-Type", "application/x-www-form-urlencoded"); !strings.Contains(w.Body.String(), tc.inZh) {
			t.Errorf("%v: not in Chinese: %s", tc.fields, mainOf(t, w))
		}
	}
	if list, err := o.store.Channels(t.Context()); err != nil || len(list) > 0 {
		t.Errorf("%d channels, %v", len(list), err)
	}
	const hostile = `"><script>alert(1)</script>`
	for range 2 {
		chief.post("/notices/channels/new?kind=dingtalk", "name", hostile, "language", "zh", "address", "https://x.example/")
	}
	if list, err := o.store.Channels(t.Context()); err != nil || len(list) != 1 {
		t.Errorf("%d channels of one name, %v", len(list), err)
	}
	for _, target := range []string{"/notices/channels", "/notices/channels/" + o.channelOf(t, hostile).ID, "/notices/alerts/new", "/notices/reports/new", "/trail"} {
		if body := chief.see(target); strings.Contains(body, "<script>alert") || !strings.Contains(body, "&lt;script&gt;alert") {
			t.Errorf("a hostile name at %s: %s", target, body)
		}
	}
}

// noticed is an outpost with a channel, and a view of each of ann and bob.
type noticed struct {
	*outpost
	chief, ann, bob *person
	channel         string
	annView, shared string
}

func newNoticed(t *testing.T) *noticed {
	t.Helper()
	o, _, _, _ := twoOwners(t)
	o.withDesk(t)
	o.withNotices(t)
	n := &noticed{outpost: o, channel: "c1"}
	if err := o.store.PutChannel(t.Context(), store.Signed{By: "test", At: testNow}, notify.Channel{ID: "c1", Name: "值班群", Kind: notify.Webhook, Address: "https://x.example/5ecre7", Language: "zh"}); err != nil {
		t.Fatal(err)
	}
	n.chief, n.ann = o.join(t, chiefOf()), o.join(t, limited("ann", qianshao.RoleAnalyst, "mine"))
	n.bob = o.join(t, qianshao.Account{Name: "bob", Role: qianshao.RoleLead, Sight: qianshao.SeeAll()})
	for _, v := range []store.SavedView{{ID: "v-ann", Name: "赌博<b>", Owner: "ann", Query: "category:gambling", Changed: testNow}, {ID: "v-shared", Name: "全部", Owner: "bob", Query: "", Shared: true, Changed: testNow}} {
		if _, err := o.store.SaveView(t.Context(), v); err != nil {
			t.Fatal(err)
		}
	}
	n.annView, n.shared = "v-ann", "v-shared"
	return n
}

func (n *noticed) alertOf(t *testing.T, name string) notify.Alert {
	t.Helper()
	list, err := n.store.Alerts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(list, func(a notify.Alert) bool { return a.Name == name })
	if i < 0 {
		t.Fatalf("no alert %q among %d", name, len(list))
	}
	return list[i]
}

// TestAlertPages: an analyst sets up an alert, sees how much it would have sent, and sees nobody
// else's alerts. Administrators who see everything see it, can switch it off and delete it, but
// cannot change anything else.
func TestAlertPages(t *testing.T) {
	t.Parallel()
	n := newNoticed(t)
	form := n.ann.see("/notices/alerts/new?view=" + n.annView)
	// ann sees one of three findings, although the view finds more for others.
	contains(t, form, "赌博<b> (last 7 days: 1)", "全部 (last 7 days: 1)", "值班群 · Webhook", `name="name" type="text" maxlength="100" required value="赌博&lt;b&gt;"`)
	if bob := n.bob.see("/notices/alerts/new"); strings.Contains(bob, "赌博") || !strings.Contains(bob, "全部 (last 7 days: 3)") {
		t.Errorf("bob's choice: %s", bob)
	}
	good := []string{"name", "夜班 11010519491231002X", "view", n.annView, "channel", n.channel, "event", "new", "event", "overdue", "every", "5", "hourly", "6", "from", "22:00", "to", "07:30"}
	for _, tc := range []struct{ field, value, says string }{
		{"name", "", "visible characters"},
		{"view", "", "Choose a view"},
		{"view", "none", "Choose a view"},
		{"channel", "none", "Choose a channel"},
		{"every", "0", "1 to 1440 minutes"},
		{"every", "99999999999", "1 to 1440 minutes"},
		{"every", "soon", "1 to 1440 minutes"},
		{"hourly", "61", "1 to 60"},
		{"from", "", "two times of the day"},
		{"to", "25:00", "two times of the day"},
	} {
		bad := slices.Clone(good)
		bad[slices.Index(bad, tc.field)+1] = tc.value
		w := n.ann.post("/notices/alerts/new", bad...)
		if w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), tc.says) || !strings.Contains(w.Body.String(), `value="overdue" checked`) || !strings.Contains(w.Body.String(), `value="v-shared">`) {
			t.Errorf("%s %q: %d, want %q: %s", tc.field, tc.value, w.Code, tc.says, w.Body)
		}
	}
	if w := n.ann.post("/notices/alerts/new", "name", "x", "view", n.annView, "channel", n.channel, "every", "5", "hourly", "6"); w.Code != 422 || !strings.Contains(w.Body.String(), "Choose at least one event") {
		t.Errorf("no event: %d %s", w.Code, w.Body)
	}
	if w := n.bob.post("/notices/alerts/new", good...); w.Code != 422 || !strings.Contains(w.Body.String(), "Choose a view that you may use") {
		t.Errorf("bob uses ann's view: %d", w.Code)
	}
	if w := n.ann.post("/notices/alerts/new", good...); w.Code != http.StatusSeeOther {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	a := n.alertOf(t, "夜班 ******************")
	want := notify.Alert{ID: a.ID, Name: a.Name, Account: "ann", View: n.annView, Channel: n.channel, Events: []notify.Event{notify.New, notify.Overdue}, Every: 5 * time.Minute, Hourly: 6,
		Quiet: notify.Quiet{From: 22 * 60, To: 7*60 + 30}, Created: testNow, Looked: testNow}
	if fmt.Sprint(a) != fmt.Sprint(want) {
		t.Errorf("%+v, want %+v", a, want)
	}
	path := "/notices/alerts/" + a.ID
	contains(t, n.ann.see("/notices"), "at most every 5 min, at most 6 messages an hour", "22:00–07:30", path)
	contains(t, n.ann.see(path), `value="22:00"`, `value="07:30"`, `<option value="v-ann" selected>`)
	for _, target := range []string{path, path + "/switch", path + "/delete"} {
		if w := n.bob.post(target, good...); w.Code != http.StatusNotFound {
			t.Errorf("bob at %s: %d", target, w.Code)
		}
	}
	if body := n.bob.see("/notices"); strings.Contains(body, "夜班") {
		t.Error("bob sees ann's alert")
	}
	if body := n.chief.see("/notices"); !strings.Contains(body, "夜班") || !strings.Contains(body, "of ann") || strings.Contains(body, `href="`+path+`"`) {
		t.Errorf("chief: %s", body)
	}
	if w := n.chief.post(path, good...); w.Code != http.StatusNotFound {
		t.Errorf("chief changes ann's alert: %d", w.Code)
	}
	n.chief.post(path+"/switch", "off", "1")
	if !n.alertOf(t, a.Name).Disabled || n.alertOf(t, a.Name).Account != "ann" {
		t.Error("it is not switched off")
	}
	n.ann.post(path+"/switch", "x", "1")
	if n.alertOf(t, a.Name).Disabled {
		t.Error("it is not switched on")
	}
	// After its channel has been deleted, it can still be switched off, but not on.
	if err := n.store.DeleteChannel(t.Context(), store.Signed{By: "test", At: testNow}, n.channel); err != nil {
		t.Fatal(err)
	}
	if w := n.ann.post(path+"/switch", "off", "1"); w.Code != http.StatusSeeOther || !n.alertOf(t, a.Name).Disabled {
		t.Errorf("switched off without its channel: %d", w.Code)
	}
	if w := n.ann.post(path+"/switch", "x", "1"); w.Code != http.StatusConflict || !strings.Contains(w.Body.String(), "its channel was deleted") {
		t.Errorf("switched on without its channel: %d %s", w.Code, w.Body)
	}
	if w := n.ann.post(path+"/delete", "x", "1"); w.Code != http.StatusSeeOther {
		t.Errorf("delete: %d", w.Code)
	}
	if list, err := n.store.Alerts(t.Context()); err != nil || len(list) > 0 {
		t.Errorf("%d alerts, %v", len(list), err)
	}
}

// TestSchedulePages: leads schedule reports on what they see.
func TestSchedulePages(t *testing.T) {
	t.Parallel()
	n := newNoticed(t)
	carl := n.join(t, limited("carl", qianshao.RoleLead, "mine"))
	if body := carl.see("/notices/reports/new"); strings.Contains(body, "theirs") || !strings.Contains(body, "owner-of-mine") {
		t.Errorf("the authorisations of carl: %s", body)
	}
	for _, tc := range []struct{ period, hour, authorisation, channel, says string }{
		{"day", "8", "", "c1", "Choose the week or the month"},
		{"week", "24", "", "c1", "The hour is 0 to 23"},
		{"week", "x", "", "c1", "The hour is 0 to 23"},
		{"week", "8", "theirs", "c1", "Choose an authorisation that you see"},
		{"week", "8", "", "none", "Choose a channel"},
	} {
		if w := carl.post("/notices/reports/new", "period", tc.period, "hour", tc.hour, "authorisation", tc.authorisation, "channel", tc.channel); w.Code != 422 || !strings.Contains(w.Body.String(), tc.says) {
			t.Errorf("%+v: %d %s", tc, w.Code, w.Body)
		}
	}
	if w := carl.post("/notices/reports/new", "period", "month", "hour", "9", "authorisation", "mine", "channel", "c1"); w.Code != http.StatusSeeOther {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	list, err := n.store.Schedules(t.Context())
	if err != nil || len(list) != 1 || list[0].Account != "carl" || list[0].Period != notify.Month || list[0].Hour != 9 || list[0].Authorisation != "mine" {
		t.Fatalf("%+v, %v", list, err)
	}
	path := "/notices/reports/" + list[0].ID
	contains(t, carl.see("/notices/reports"), "Monthly", "2026-12-01 09:00:00")
	for _, p := range []*person{n.bob} {
		if w := p.post(path, "period", "week", "hour", "9", "channel", "c1"); w.Code != http.StatusNotFound {
			t.Errorf("%s: %d", p.account.Name, w.Code)
		}
		if body := p.see("/notices/reports"); strings.Contains(body, path) {
			t.Errorf("%s sees it", p.account.Name)
		}
	}
	if w := carl.post(path, "period", "week", "hour", "7", "authorisation", "", "channel", "c1"); w.Code != http.StatusSeeOther {
		t.Errorf("changed: %d", w.Code)
	}
	contains(t, carl.see("/notices/reports"), "Weekly", "2026-11-30 07:00:00")
	contains(t, carl.see("/notices/reports"), `action="`+path+`/send"`, "Send the last one now")
	if body := n.chief.see("/notices/reports"); strings.Contains(body, path+"/send") {
		t.Error("another's report can be sent")
	}
	for _, step := range []struct {
		who    *person
		status int
	}{{n.bob, 404}, {n.chief, 404}, {carl, 303}, {carl, 409}} {
		if w := step.who.post(path+"/send", "x", "1"); w.Code != step.status {
			t.Errorf("%s sends it: %d, want %d: %s", step.who.account.Name, w.Code, step.status, mainOf(t, w))
		}
	}
	contains(t, carl.see("/notices/deliveries?done=sent"), "see the result below", "Report 2026-11-16–")
	contains(t, n.chief.see("/trail"), "Last report sent now", "<del>Monthly</del> → <ins>Weekly</ins>")
	contains(t, n.chief.ask("GET", "/trail", "", "Accept-Language", "zh").Body.String(), "<del>月报</del> → <ins>周报</ins>")
	n.chief.post(path+"/switch", "off", "1")
	contains(t, n.chief.see("/notices/reports"), "of carl", "Off")
	n.chief.post(path+"/delete", "x", "1")
	if list, err := n.store.Schedules(t.Context()); err != nil || len(list) > 0 {
		t.Errorf("%d schedules, %v", len(list), err)
	}
}

// TestDeliveryPages: the log shows the state of messages. Failed ones are counted in the menu and
// on the front page for their owner and for administrators, who can try them again or give them up.
func TestDeliveryPages(t *testing.T) {
	t.Parallel()
	n := newNoticed(t)
	ctx := t.Context()
	put := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	put(n.store.PutAlert(ctx, store.Signed{By: "ann", At: testNow}, notify.Alert{ID: "a1", Name: "夜班", Account: "ann", View: n.annView, Channel: "c1", Events: notify.Events(), Every: time.Minute, Hourly: 1}))
	for i, d := range []notify.Delivery{
		{Key: "msg_1", Alert: "a1", State: notify.Failed, Attempts: 30, Findings: 7, Problem: "503 <i>busy</i>"},
		{Key: "msg_2", Alert: "a1", State: notify.Failed, Problem: "550 <boss@house.example> gone", Attempts: 1},
		{Key: "msg_3", State: notify.Failed, Problem: "a test", Attempts: 1},
		{Key: "msg_4", Alert: "a1", State: notify.Delivered, Attempts: 1, Findings: 2},
		{Key: "msg_5", Alert: "a1", State: notify.Dropped, Obstacle: notify.ViewGone},
	} {
		d.Channel, d.Created, d.Since, d.Next, d.Settled = "c1", testNow.Add(time.Duration(i)*time.Minute), testNow, testNow, testNow.Add(time.Hour)
		put(n.store.LogDelivery(ctx, d))
	}
	for p, want := range map[*person]string{n.ann: "2 messages were not delivered", n.chief: "2 messages were not delivered", n.bob: ""} {
		front := p.see("/")
		if got := strings.Contains(front, "messages were not delivered →"); got != (want != "") {
			t.Errorf("%s: the front page says so: %v", p.account.Name, got)
		}
		if want != "" {
			contains(t, front, want, `<span aria-hidden="true" title="2 messages were not delivered">2</span>`)
		}
	}
	log := n.ann.see("/notices/deliveries")
	contains(t, log, "503 &lt;i&gt;busy&lt;/i&gt;", "its view was deleted", "/notices/deliveries/msg_1/retry", "值班群")
	if strings.Contains(log, "msg_3") || strings.Contains(log, "<i>") || strings.Contains(log, "/notices/deliveries/msg_4/") {
		t.Errorf("ann's log: %s", log)
	}
	for p, want := range map[*person][2]int{n.ann: {1, 2}, n.bob: {0, 0}, n.chief: {1, 3}} {
		alerts := decode[struct{ Alerts []map[string]any }](t, p.ask("GET", "/api/v1/alerts", "").Body.String()).Alerts
		w := p.ask("GET", "/api/v1/deliveries?state=failed&limit=1", "")
		first := decode[struct {
			Deliveries []map[string]any
			Next       string
		}](t, w.Body.String())
		failed := len(first.Deliveries)
		for next := first.Next; next != ""; {
			more := decode[struct {
				Deliveries []map[string]any
				Next       string
			}](t, p.ask("GET", "/api/v1/deliveries?state=failed&limit=1&after="+next, "").Body.String())
			failed, next = failed+len(more.Deliveries), more.Next
		}
		if got := [2]int{len(alerts), failed}; got != want {
			t.Errorf("%s reads %v by the API, want %v", p.account.Name, got, want)
		}
		if body := p.ask("GET", "/api/v1/channels", "").Body.String(); strings.Contains(body, "5ecre7") || !strings.Contains(body, `"kind":"webhook"`) {
			t.Errorf("the channels: %s", body)
		}
	}
	for p, want := range map[*person]bool{n.ann: false, n.chief: true} { // only administrators of channels know the recipients
		for _, target := range []string{"/notices/deliveries", "/api/v1/deliveries"} {
			if body := p.ask("GET", target, "").Body.String(); strings.Contains(body, "boss@house.example") != want || !strings.Contains(body, "gone") {
				t.Errorf("%s at %s reads the addresses of others: %v", p.account.Name, target, !want)
			}
		}
	}
	if w := n.ann.ask("GET", "/api/v1/deliveries?state=lost", ""); w.Code != http.StatusBadRequest {
		t.Errorf("a state that there is not: %d", w.Code)
	}
	if body := n.bob.see("/notices/deliveries"); strings.Contains(body, "夜班") || strings.Contains(body, "busy") {
		t.Error("bob sees ann's deliveries")
	}
	contains(t, n.chief.see("/notices/deliveries?state=failed"), "of ann", "a test", "/notices/deliveries/msg_2/give-up")
	if body := n.chief.see("/notices/deliveries?state=failed"); strings.Contains(body, "msg_3") || strings.Contains(body, "its view was deleted") {
		t.Errorf("the failed ones: %s", body)
	}
	for _, step := range []struct {
		who    *person
		target string
		status int
	}{
		{n.bob, "/notices/deliveries/msg_1/retry", 404},
		{n.ann, "/notices/deliveries/msg_3/give-up", 404},
		{n.ann, "/notices/deliveries/msg_4/retry", 409},
		{n.ann, "/notices/deliveries/msg_1/retry", 303},
		{n.chief, "/notices/deliveries/msg_2/give-up", 303},
		{n.chief, "/notices/deliveries/msg_2/give-up", 409},
		{n.chief, "/notices/deliveries/msg_3/give-up", 409}, // a test cannot be given up
	} {
		if w := step.who.post(step.target, "x", "1"); w.Code != step.status {
			t.Errorf("%s at %s: %d, want %d: %s", step.who.account.Name, step.target, w.Code, step.status, mainOf(t, w))
		}
	}
	for key, want := range map[string]notify.State{"msg_1": notify.Pending, "msg_2": notify.Dropped, "msg_3": notify.Failed} {
		if d, err := n.store.Delivery(ctx, key); err != nil || d.State != want {
			t.Errorf("%s: %+v, %v", key, d, err)
		}
	}
	log = n.ann.see("/notices/deliveries")
	contains(t, log, "Trying again", "a person has given it up", "/notices/deliveries/msg_1/retry")
	if strings.Contains(log, "/notices/deliveries/msg_1/give-up") {
		t.Error("one that is being tried again can be given up")
	}
}

// TestViewsLeadToAlerts: a saved view in the queue links to the form for an alert on it, for those
// who may make one.
func TestViewsLeadToAlerts(t *testing.T) {
	t.Parallel()
	n := newNoticed(t)
	contains(t, n.ann.see("/"), `href="/notices/alerts/new?view=v-ann"`, `href="/notices/alerts/new?view=v-shared"`)
	audit := n.join(t, qianshao.Account{Name: "audit", Role: qianshao.RoleAuditor, Sight: qianshao.SeeAll()})
	if body := audit.see("/"); strings.Contains(body, "/notices") {
		t.Error("an auditor is led to a page that is not for them")
	}
}

// TestConsoleURLSetting: the address can be set in the console, is refused with an explanation, and
// is shown.
func TestConsoleURLSetting(t *testing.T) {
	t.Parallel()
	o, _, _, _ := twoOwners(t)
	chief := o.join(t, chiefOf())
	if w := chief.post("/admin/settings", "setting", "console_url", "value", "javascript:alert(1)"); w.Code != 422 || !strings.Contains(w.Body.String(), "Write an address that begins with https://") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if w := chief.post("/admin/settings", "setting", "console_url", "value", " https://q.example.cn/desk/ "); w.Code != 303 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	contains(t, chief.see("/admin/settings"), `value="https://q.example.cn/desk"`)
	w := chief.ask("PUT", "/api/v1/settings", `{"console_url": "nothing"}`)
	if w.Code != 400 || !strings.Contains(w.Body.String(), "begins with https://") {
		t.Errorf("by the API: %d %s", w.Code, w.Body)
	}
	if w := chief.ask("PUT", "/api/v1/settings", `{"console_url": "https://r.example.cn"}`); w.Code != 200 || !strings.Contains(w.Body.String(), `"console_url":"https://r.example.cn"`) {
		t.Errorf("by the API: %d %s", w.Code, w.Body)
	}
}
