package dashboards

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/notify"
	"github.com/qianshao/qianshao/store"
)

// hostileNames are names that a colleague might give: a few of our own, and a public list of
// hostile strings if it is beside the checkout.
func hostileNames(t *testing.T) (list []string) {
	t.Helper()
	list = []string{hostile, `</option></select><script>alert(1)</script>`, `" autofocus onfocus=alert(1) x="`, `javascript:alert(1)`, `//evil.example/x`, `{{.}}`}
	file, err := os.Open("../../shared/hostile/xss_payloads.jsonl")
	if errors.Is(err, os.ErrNotExist) {
		return list
	}
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		var text string
		if err := json.Unmarshal(lines.Bytes(), &text); err != nil {
			t.Fatal(err)
		}
		list = append(list, text)
	}
	return list
}

// nameOf is the text as a valid name for an alert or a channel.
func nameOf(i int, text string) string {
	text = strings.Map(func(r rune) rune {
		if qianshao.Unseen(r) {
			return -1
		}
		return r
	}, text)
	if r := []rune(text); len(r) > notify.MaxName-4 {
		text = string(r[:notify.MaxName-4])
	}
	return strings.TrimSpace(text) + strconv.Itoa(i)
}

// TestHostileNotices: whatever views, alerts, channels, owners and receivers are called or say, the
// pages about notices, and those that link to them, have only our own elements and links.
func TestHostileNotices(t *testing.T) {
	skipIfShort(t)
	t.Parallel()
	n := newNoticed(t)
	by := store.Signed{By: "chief", At: testNow}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	shown := 0
	for batch := range slices.Chunk(hostileNames(t), notify.MaxAlertsOf-1) {
		targets := []string{"/", "/notices", "/notices/alerts/new", "/notices/deliveries", "/notices/deliveries?state=failed&after=%22%3E%3Cscript%3E", "/notices/reports", "/notices/reports/new", "/notices/channels", "/trail"}
		for i, text := range batch {
			id, name := fmt.Sprint("h", i), nameOf(i, text)
			must(n.store.PutAuthorisations(t.Context(), by, []qianshao.Authorisation{{
				ID: id, Owner: text, Basis: text, Contact: text, Hosts: []string{id + ".example"}, ValidFrom: testNow, ValidUntil: testNow.AddDate(1, 0, 0),
			}}))
			_, err := n.store.SaveView(t.Context(), store.SavedView{ID: id, Name: text, Owner: "chief", Query: text, Changed: testNow})
			must(err)
			must(n.store.PutChannel(t.Context(), by, notify.Channel{
				ID: id, Name: name, Kind: notify.Mail, Address: "smtps://" + url.PathEscape(text) + ":465", From: text, To: []string{text}, Language: "zh",
			}))
			must(n.store.PutAlert(t.Context(), by, notify.Alert{
				ID: id, Name: name, Account: "chief", View: id, Channel: id, Events: notify.Events(), Every: time.Minute, Hourly: 1,
			}))
			must(n.store.LogDelivery(t.Context(), notify.Delivery{
				Key: fmt.Sprint("msg_", id, len(text), name), Alert: id, Channel: id, State: notify.Failed, Problem: text, Fault: hostileFault(i, text), Created: testNow, Settled: testNow,
			}))
			targets = append(targets, "/notices/alerts/"+id, "/notices/channels/"+id)
		}
		for _, target := range targets {
			w := n.chief.ask("GET", target, "")
			if !strings.HasPrefix(w.Header().Get("Content-Type"), "text/html") || w.Code != http.StatusOK && w.Code != http.StatusNotFound {
				t.Errorf("%s: %d, %s", target, w.Code, w.Header().Get("Content-Type"))
			}
			checkMarkup(t, target+"#q=", w.Body.String())
			shown += strings.Count(w.Body.String(), "&lt;script&gt;")
		}
		if shown < 10 {
			t.Errorf("%d of the texts are shown: the test shows nothing", shown)
		}
		for i := range batch {
			if err := n.store.DeleteView(t.Context(), by, fmt.Sprint("h", i)); !errors.Is(err, store.ErrNotFound) { // two may have the same name
				must(err)
			}
		}
	}
}

// hostileFault is a failure of a known kind for every other text, and of an unknown kind for the
// rest, which are shown as they are.
func hostileFault(i int, text string) notify.Fault {
	if i%2 == 0 {
		return notify.Fault{}
	}
	return notify.NewFault(notify.FaultRobot, i, text)
}
