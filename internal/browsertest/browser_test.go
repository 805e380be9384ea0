// Package browsertest uses the console as people do: tests drive a real Chromium against a
// real app. It consists of tests only. They take minutes and need Chromium, so go test skips
// them unless QIANSHAO_BROWSER_TESTS is set, as .ci/run does.
package browsertest

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	cdplog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"github.com/qianshao/qianshao/ingest/render"
)

const (
	// thorough is set by .ci/run, and makes the browser a requirement.
	thorough = "QIANSHAO_BROWSER_TESTS"
	// screenshots names a folder for a picture of every screen; optional.
	screenshots = "QIANSHAO_SCREENSHOTS"
	// patience is how long anything may take, even on a busy machine.
	patience = time.Minute
)

// Selectors of elements that the pages have in common.
const (
	panel     = `aside[aria-labelledby="decision"]`
	undo      = `form[action^="/acts/"][action*="/undo"] button[data-key="z"]`
	leaves    = `form[action="/logout"] button`
	undoBatch = `form[action^="/batches/"][action*="/undo"] button`
)

// size is the size of a window.
type size struct {
	name          string
	width, height int64
	phone         bool
}

var (
	desktop = size{"1280", 1280, 800, false}
	phone   = size{"390", 390, 844, true}
)

// chromium is a running browser.
type chromium struct{ ctx context.Context }

// newBrowser starts a Chromium that resolves no names and uses no proxy.
func newBrowser(t *testing.T) chromium {
	t.Helper()
	if os.Getenv(thorough) == "" {
		t.Skip("skipped: takes minutes; set " + thorough + "=1")
	}
	path, err := render.Find("")
	if err != nil {
		t.Fatal(err)
	}
	flags := []chromedp.ExecAllocatorOption{
		chromedp.Headless, chromedp.NoFirstRun, chromedp.NoDefaultBrowserCheck, chromedp.ExecPath(path),
		chromedp.NoInheritEnv, chromedp.Env("PATH="+os.Getenv("PATH"), "HOME="+t.TempDir(), "LANG=zh_CN.UTF-8"),
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND , EXCLUDE 127.0.0.1"),
		chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-sync", true), chromedp.Flag("disable-domain-reliability", true), chromedp.Flag("no-pings", true),
		// Other people's tabs must work, too, although only one tab is in front.
		chromedp.Flag("disable-renderer-backgrounding", true), chromedp.Flag("disable-backgrounding-occluded-windows", true), chromedp.Flag("disable-background-timer-throttling", true),
		chromedp.Flag("disable-extensions", true), chromedp.Flag("disable-gpu", true), chromedp.Flag("disable-dev-shm-usage", true),
		chromedp.Flag("force-color-profile", "srgb"), chromedp.Flag("hide-scrollbars", true), chromedp.Flag("password-store", "basic"),
	}
	if os.Geteuid() == 0 {
		flags = append(flags, chromedp.NoSandbox)
	}
	allocator, stop := chromedp.NewExecAllocator(context.Background(), flags...)
	t.Cleanup(stop)
	silent := func(string, ...any) {}
	ctx, cancel := chromedp.NewContext(allocator, chromedp.WithErrorf(silent), chromedp.WithLogf(silent))
	t.Cleanup(cancel) // runs first, and waits until the browser has ended
	if err := chromedp.Do(ctx); err != nil {
		t.Fatal(err)
	}
	return chromium{ctx}
}

// tab is one person's browser, with its own cookies and one page. Checking it fails the test if a
// page did what it must not do: open a dialog, cause a script's error, violate the policy, send a
// request to another server, or answer with an unexpected status of 400 or more.
type tab struct {
	t    *testing.T
	who  string
	base string // the console's URL, with a slash at the end
	ctx  context.Context

	mu       sync.Mutex
	allowed  []int64 // statuses that are expected
	problems []string
}

// newTab opens a separate browser for one person.
func newTab(t *testing.T, browser chromium, base, who string) *tab {
	t.Helper()
	ctx, cancel := chromedp.NewContext(browser.ctx, chromedp.WithNewBrowserContext())
	t.Cleanup(cancel)
	b := &tab{t: t, who: who, base: base, ctx: ctx}
	if err := chromedp.Do(ctx); err != nil {
		t.Fatal(err)
	}
	if err := chromedp.Listen(ctx, b.heard); err != nil {
		t.Fatal(err)
	}
	call(b, network.Enable, network.EnableParams{})
	call(b, cdplog.Enable, cdp.Empty{})
	call(b, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true}) // since other people's tabs are not in front
	b.window(desktop, false)
	t.Cleanup(b.check)
	return b
}

// heard notes the browser's events about the page.
func (b *tab) heard(event any) {
	switch e := event.(type) {
	case *page.EventJavascriptDialogOpening:
		b.problem("a dialog %s %q at %s", e.Type, e.Message, e.URL)
		go func() { // a listener must not block
			_, _ = chromedp.Call(b.ctx, page.HandleJavaScriptDialog, page.HandleJavaScriptDialogParams{Accept: true})
		}()
	case *runtime.EventExceptionThrown:
		b.problem("a script failed: %s", errorOf(e.ExceptionDetails))
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.ConsoleAPICalledTypeError {
			b.problem("a script complains: %s", e.Args[0].Value)
		}
	case *cdplog.EventEntryAdded:
		// Statuses are noted from EventResponseReceived.
		if e.Entry.Level == cdplog.EntryLevelError && !strings.Contains(e.Entry.Text, "responded with a status of") {
			b.problem("%s: %s %s", e.Entry.Source, e.Entry.Text, e.Entry.URL)
		}
	case *network.EventRequestWillBeSent:
		if u := e.Request.URL; !strings.HasPrefix(u, b.base) && !strings.HasPrefix(u, "data:") && !strings.HasPrefix(u, "file:") {
			b.problem("a request to elsewhere: %s, by %s", u, e.DocumentURL)
		}
	case *network.EventResponseReceived:
		b.mu.Lock()
		expected := e.Response.Status < 400 || slices.Contains(b.allowed, e.Response.Status) ||
			e.Response.Status == 409 && e.Response.URL == b.base+"claims" // the script tried to claim, and another person was first
		b.mu.Unlock()
		if !expected {
			b.problem("status %d of %s", e.Response.Status, e.Response.URL)
		}
	}
}

func (b *tab) problem(format string, args ...any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.problems = append(b.problems, fmt.Sprintf(format, args...))
}

// check fails the test for problems since it was last called.
func (b *tab) check() {
	b.t.Helper()
	for _, p := range b.take() {
		b.t.Errorf("%s: %s", b.who, p)
	}
}

// take returns the problems so far, and forgets them.
func (b *tab) take() (problems []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	problems, b.problems = b.problems, nil
	return problems
}

// expect says which statuses of 400 and more are expected from now on.
func (b *tab) expect(statuses ...int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.allowed = statuses
}

func errorOf(e *runtime.ExceptionDetails) string {
	if e.Exception != nil {
		return e.Text + " " + e.Exception.Description
	}
	return e.Text
}

func (b *tab) run(actions ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, actions...); err != nil {
		b.fatal("%v", err)
	}
}

// call sends a command of the DevTools protocol.
func call[P, R any](b *tab, command cdp.Command[P, R], params P) R {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	result, err := chromedp.Call(ctx, command, params)
	if err != nil {
		b.fatal("%s: %v", command.Method, err)
	}
	return result
}

// fatal ends the test, and shows the page's text.
func (b *tab) fatal(format string, args ...any) {
	b.t.Helper()
	text, _ := js[string](b, `location.href + "\n" + document.body.innerText.slice(0, 1500)`)
	b.check()
	b.t.Fatalf("%s: %s\n%s", b.who, fmt.Sprintf(format, args...), text)
}

// window sets the window's size and the colour scheme.
func (b *tab) window(s size, dark bool) {
	b.t.Helper()
	scheme := "light"
	if dark {
		scheme = "dark"
	}
	call(b, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: s.width, Height: s.height, DeviceScaleFactor: 1, Mobile: s.phone})
	call(b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}})
}

// open goes to a path of the console.
func (b *tab) open(path string) {
	b.t.Helper()
	b.run(chromedp.Navigate(b.base + strings.TrimPrefix(path, "/")))
}

// js evaluates an expression in the page and returns its value; ok is false if it fails, as
// it does while another page is loaded.
func js[T any](b *tab, expression string) (value T, ok bool) {
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	value, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression))
	return value, err == nil
}

// waitFor waits until an expression is true.
func (b *tab) waitFor(what, expression string) {
	b.t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); {
		if is, ok := js[bool](b, "Boolean("+expression+")"); ok && is {
			return
		}
		select {
		case <-b.ctx.Done():
			b.t.Fatal(b.ctx.Err())
		case <-time.After(20 * time.Millisecond):
		}
	}
	b.fatal("waited in vain for %s", what)
}

// wait waits for a visible element.
func (b *tab) wait(selector string) {
	b.t.Helper()
	b.waitFor(selector, fmt.Sprintf("(e => e && e.getClientRects().length)(document.querySelector(%s))", quote(selector)))
}

// has reports whether there is such an element.
func (b *tab) has(selector string) bool {
	is, _ := js[bool](b, fmt.Sprintf("!!document.querySelector(%s)", quote(selector)))
	return is
}

// text returns an element's text, or "" if there is no such element.
func (b *tab) text(selector string) string {
	text, _ := js[string](b, fmt.Sprintf("document.querySelector(%s)?.innerText ?? ''", quote(selector)))
	return text
}

// value returns a field's value.
func (b *tab) value(selector string) string {
	text, _ := js[string](b, fmt.Sprintf("document.querySelector(%s)?.value ?? ''", quote(selector)))
	return text
}

// says waits until the page contains the words.
func (b *tab) says(words string) {
	b.t.Helper()
	b.waitFor(fmt.Sprintf("the words %q", words), fmt.Sprintf("document.body?.innerText.includes(%s)", quote(words)))
}

// click scrolls an element into view and clicks it.
func (b *tab) click(selector string) {
	b.t.Helper()
	b.wait(selector)
	b.run(chromedp.Click(selector))
}

// leave does something that leads to another page, and waits until that is loaded.
func (b *tab) leave(do func()) {
	b.t.Helper()
	if _, ok := js[bool](b, "window.stays = true"); !ok {
		b.fatal("the page cannot be marked")
	}
	do()
	b.waitFor("another page", "!window.stays && document.readyState === 'complete'")
}

// submit clicks a button that sends a form, and waits for the page that answers it.
func (b *tab) submit(selector string) { b.t.Helper(); b.leave(func() { b.click(selector) }) }

// fill replaces a field's text by typing another.
func (b *tab) fill(selector, text string) {
	b.t.Helper()
	b.wait(selector)
	if _, ok := js[bool](b, fmt.Sprintf(`(e => { e.focus(); e.value = ""; return true; })(document.querySelector(%s))`, quote(selector))); !ok {
		b.fatal("%s cannot be filled", selector)
	}
	call(b, input.InsertText, input.InsertTextParams{Text: text})
}

// choose sets the value of a select or a radio button as a click does.
func (b *tab) choose(name, value string) {
	b.t.Helper()
	expression := fmt.Sprintf(`(() => {
	const one = document.querySelector('select[name="%[1]s"]');
	if (one) { one.value = %[2]s; one.dispatchEvent(new Event("change", {bubbles: true})); return one.value === %[2]s; }
	const box = [...document.querySelectorAll('input[name="%[1]s"]')].find(e => e.value === %[2]s);
	if (box) { box.click(); return box.checked; }
	return false;
})()`, name, quote(value))
	if done, _ := js[bool](b, expression); !done {
		b.fatal("there is no %s to be set to %q", name, value)
	}
}

// press presses keys, one after the other.
func (b *tab) press(keys ...string) {
	b.t.Helper()
	for _, key := range keys {
		b.run(chromedp.KeyEvent(key))
	}
}

// send submits a form, which need not be on the page.
func (b *tab) send(path string, values map[string]string) {
	b.t.Helper()
	fields, err := json.Marshal(values)
	if err != nil {
		b.t.Fatal(err)
	}
	b.leave(func() {
		if _, ok := js[bool](b, fmt.Sprintf(`(() => {
	const token = document.querySelector("input[name=csrf]").value;
	const form = document.createElement("form");
	form.method = "post"; form.action = %s;
	for (const [name, value] of Object.entries({...%s, csrf: token})) {
		const field = document.createElement("textarea");
		field.name = name; field.value = value;
		form.append(field);
	}
	document.body.append(form); form.submit();
	return true;
})()`, quote(path), fields)); !ok {
			b.fatal("the form for %s cannot be sent", path)
		}
	})
}

// picture takes a picture of the screen for QIANSHAO_SCREENSHOTS.
func (b *tab) picture(name string) {
	b.t.Helper()
	folder := os.Getenv(screenshots)
	if folder == "" {
		return
	}
	if err := errors.Join(os.MkdirAll(folder, 0o755), b.save(filepath.Join(folder, name+".png"))); err != nil {
		b.t.Fatal(err)
	}
}

// save writes a picture of what the window shows.
func (b *tab) save(file string) error {
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	png, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	if err != nil {
		return err
	}
	return os.WriteFile(file, png, 0o644)
}

// pictures takes a picture in every size and scheme.
func (b *tab) pictures(name string) {
	b.t.Helper()
	if os.Getenv(screenshots) == "" {
		return
	}
	for _, s := range []size{desktop, phone} {
		for _, dark := range []bool{false, true} {
			b.window(s, dark)
			b.picture(fmt.Sprintf("%s-%s-%s", name, s.name, map[bool]string{false: "light", true: "dark"}[dark]))
		}
	}
	b.window(desktop, false)
}

// path returns the path that the tab shows.
func (b *tab) path() string {
	at, _ := js[string](b, "location.pathname + location.search")
	return at
}

// bypass lets pages do what the Content-Security-Policy forbids.
func (b *tab) bypass(on bool) {
	b.t.Helper()
	call(b, page.SetBypassCSP, page.SetBypassCSPParams{Enabled: on})
}

func quote(s string) string {
	text, err := json.Marshal(s)
	if err != nil {
		panic(err) // cannot happen for strings
	}
	return cmp.Or(string(text), `""`)
}
