package dashboards

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/qianshao/qianshao/locales"
	"github.com/qianshao/qianshao/notify"
)

// faultOf returns a failure of this kind, with a text for each of its values.
func faultOf(t *testing.T, code notify.FaultCode, args ...any) notify.Fault {
	t.Helper()
	for range 3 {
		if f := notify.NewFault(code, args...); f.Known() {
			return f
		}
		args = append(args, fmt.Sprint("<i>said", len(args), "</i>"))
	}
	t.Fatalf("%s has more values than two", code)
	return notify.Fault{}
}

// TestFaultsHaveWords: every kind of failure has its text in both languages, with all its values.
func TestFaultsHaveWords(t *testing.T) {
	t.Parallel()
	if len(notify.FaultCodes()) < 20 {
		t.Fatalf("there are but %v", notify.FaultCodes())
	}
	for _, code := range notify.FaultCodes() {
		said := map[string]bool{}
		for _, l := range []locales.Lang{locales.Chinese, locales.English} {
			words := l.Text("notices.fault." + string(code))
			if strings.HasPrefix(words, "notices.") || said[words] || strings.Count(words, "%s") != len(faultOf(t, code).Args) {
				t.Errorf("%s in %s: %s", code, l.Tag(), words)
			}
			said[words] = true
		}
	}
}

// TestFaultPages: the log of deliveries and a channel's test say in the reader's language what has
// failed, and quote what the receiver answered; programs get the English text and the kind.
func TestFaultPages(t *testing.T) {
	t.Parallel()
	n := newNoticed(t)
	for i, code := range notify.FaultCodes() {
		if err := n.store.LogDelivery(t.Context(), notify.Delivery{
			Key: fmt.Sprint("msg_", i), Channel: n.channel, State: notify.Failed, Problem: "english text", Fault: faultOf(t, code), Created: testNow, Settled: testNow,
		}); err != nil {
			t.Fatal(err)
		}
	}
	for i, f := range []notify.Fault{{}, {Code: "of tomorrow", Args: []string{"1"}}, {Code: notify.FaultRobot, Args: []string{"1"}}} {
		if err := n.store.LogDelivery(t.Context(), notify.Delivery{
			Key: fmt.Sprint("msg_old", i), Channel: n.channel, State: notify.Failed, Problem: fmt.Sprint("old text <i>", i), Fault: f, Created: testNow, Settled: testNow,
		}); err != nil {
			t.Fatal(err)
		}
	}
	log := n.chief.ask("GET", "/notices/deliveries", "", "Accept-Language", "zh").Body.String()
	contains(t, log, "接收方答复 &lt;i&gt;said0&lt;/i&gt;", "错误码 &lt;i&gt;said0&lt;/i&gt;：&lt;i&gt;said1&lt;/i&gt;", "请在渠道里勾选“地址在内网”", "连接被拒绝", "请核对用户名和授权码",
		"old text &lt;i&gt;0", "old text &lt;i&gt;1", "old text &lt;i&gt;2")
	if strings.Contains(log, "english text") || strings.Contains(log, "%!") {
		t.Errorf("the log in Chinese: %s", log)
	}
	contains(t, n.chief.see("/notices/deliveries"), "The receiver answered &lt;i&gt;said0&lt;/i&gt;", "The connection was refused")
	contains(t, n.chief.ask("GET", "/api/v1/deliveries", "").Body.String(), `"problem":"english text"`, `"code":"mail_login"`)
}

// TestFaultOfTest: the failure of a channel's test is reported in Chinese, without the secret.
func TestFaultOfTest(t *testing.T) {
	t.Parallel()
	o, _, _, _ := twoOwners(t)
	o.withDesk(t)
	o.withNotices(t)
	chief := o.join(t, chiefOf())
	if w := chief.post("/notices/channels/new?kind=wecom", "name", "群", "language", "zh", "private", "1", "address", "http://127.0.0.1:1/send?key=t0ken5ecre7"); w.Code != http.StatusSeeOther {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	w := chief.ask("POST", "/notices/channels/"+o.channelOf(t, "群").ID+"/test", "x=1", "Content-Type", "application/x-www-form-urlencoded", "Accept-Language", "zh")
	contains(t, w.Body.String(), "测试消息没有送达", "机器人没有接收，错误码 93000：…没有这个机器人")
}
