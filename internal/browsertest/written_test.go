package browsertest

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/dashboards/auth"
	"github.com/qianshao/qianshao/store"
)

// writeAll writes each text wherever people can write: as names, notes, words, labels and fields of
// authorisations. Clients take turns, since an account can have no more than 50 views and 50
// tokens.
func (o *outpost) writeAll(t *testing.T, clients []client, list []string, findings []qianshao.Finding) {
	t.Helper()
	basis := func(campaign string) string { return fmt.Sprint(o.stateOf(t, "campaign:"+campaign).Standing.Act) }
	taken := map[string]int{}
	for i, text := range list {
		if err := o.Folder.Accounts.Add(t.Context(), store.ByCommand, qianshao.Account{Name: text, Role: qianshao.RoleAnalyst}, ""); !errors.Is(err, auth.ErrName) {
			t.Errorf("an account named %q: %v", text, err)
		}
		c, finding := clients[i%len(clients)], findings[i].ID
		for what, form := range map[string]struct {
			path   string
			values url.Values
		}{
			"reports": {"/submissions", url.Values{"url": {"http://" + hostileHost(i) + "/?" + url.QueryEscape(text) + "#" + text}}},
			"tokens":  {"/account/tokens", url.Values{"label": {text}, "scope": {"read"}, "days": {"1"}}},
			"notes":   {"/acts", url.Values{"subject": {"finding:" + finding}, "kind": {"note"}, "words": {text}, "basis": {"0"}, "next": {"/"}}},
			"views":   {"/views", url.Values{"name": {text}, "q": {"category:gambling"}, "shared": {"1"}, "next": {"/"}}},
			"authorisations": {"/authorisations/-/new", url.Values{
				"id": {fmt.Sprint("form-", i)}, "owner": {text}, "basis": {text}, "contact": {text}, "valid_from": {"2026-01-01"}, "valid_until": {"2099-12-31"},
				"hosts": {hostileHost(i)}, "rate": {"1"}, "seen": {store.RegisterDigest([]*qianshao.Authorisation{nil})},
			}},
		} {
			taken[what] += c.write(form.path, form.values)
		}
		// A campaign gets another id when its oldest finding leaves it.
		campaign := o.campaignOf(t, findings[(i+1)%len(list)].ID)
		taken["splits"] += c.write("/campaigns/"+campaign+"/split", url.Values{
			"finding": {finding}, "words": {text}, "basis": {basis(campaign)},
		})
		if apart := o.campaignOf(t, finding); apart != campaign {
			taken["merges"] += c.write("/campaigns/"+campaign+"/merge", url.Values{
				"campaigns": {apart}, "words": {text}, "basis": {basis(campaign)},
			})
		}
	}
	taken["YAML"] = clients[0].importFile("x.yaml", hostileYAML("yaml", list))
	taken["CSV"] = clients[0].importFile("x.csv", hostileCSV("csv", list))
	t.Logf("%d texts; taken: %v", len(list), taken)
	for _, what := range []string{"notes", "views", "authorisations", "splits", "merges"} {
		if taken[what] < len(list)*3/4 { // some texts are refused, such as those with a control character
			t.Errorf("of %d %s with hostile texts, %d were accepted", len(list), what, taken[what])
		}
	}
	if taken["YAML"] == 0 || taken["CSV"] == 0 {
		t.Error("no file was accepted")
	}
}

// write sends a form, and returns 1 if it was accepted, 0 if it was refused. Any other answer fails the
// test.
func (c client) write(path string, form url.Values) int {
	c.t.Helper()
	status, _, body := c.ask(http.MethodPost, path, form)
	if status >= 500 || status == http.StatusForbidden || status == http.StatusNotFound || status == http.StatusMethodNotAllowed {
		c.t.Errorf("%s: %d %.300s", path, status, body)
	}
	if status < 400 {
		return 1
	}
	return 0
}

// importFile previews a file of authorisations and confirms it; it returns 1 if the file was accepted.
func (c client) importFile(name, text string) int {
	c.t.Helper()
	form := url.Values{"name": {name}, "text": {text}}
	status, _, body := c.ask(http.MethodPost, "/authorisations/-/new/import", form)
	found := regexp.MustCompile(`name="seen" value="([^"]*)"`).FindSubmatch(body)
	if found == nil {
		c.t.Errorf("the preview of %s: %d %.2000s", name, status, body)
		return 0
	}
	form.Set("seen", string(found[1]))
	return c.write("/authorisations/-/new/import", form)
}

// seen returns the texts without characters that authorisations must not have.
func seen(list []string) (texts []string) {
	for _, text := range list {
		texts = append(texts, strings.TrimSpace(strings.Map(func(r rune) rune {
			if qianshao.Unseen(r) {
				return -1
			}
			return r
		}, text)))
	}
	return texts
}

// hostileYAML is a file of authorisations with the texts in their fields.
func hostileYAML(id string, list []string) string {
	var b strings.Builder
	b.WriteString("authorisations:\n")
	for i, text := range seen(list) {
		fmt.Fprintf(&b, "  - {id: %s-%d, owner: %[3]s, basis: %[3]s, contact: %[3]s, valid_from: 2026-01-01, valid_until: 2099-12-31, hosts: [%[4]s]}\n", id, i, quote(text), hostileHost(i))
	}
	return b.String()
}

// hostileCSV is the same file as a table.
func hostileCSV(id string, list []string) string {
	var b strings.Builder
	b.WriteString("id,owner,basis,contact,valid_from,valid_until,hosts\n")
	for i, text := range seen(list) {
		if strings.HasPrefix(text, "=") {
			text = "x" + text // a formula is refused
		}
		cell := `"` + strings.ReplaceAll(text, `"`, `""`) + `"`
		fmt.Fprintf(&b, "%s-%d,%[3]s,%[3]s,%[3]s,2026-01-01,2099-12-31,%[4]s\n", id, i, cell, hostileHost(i))
	}
	return b.String()
}
