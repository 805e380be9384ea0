package browsertest

import (
	"fmt"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/qianshao/qianshao"
)

// TestKeys presses the keys of the queue that the story does not press. m begins a note, which
// Ctrl+Enter sends, alone or with a chosen answer. a assigns. Space scrolls the evidence.
func TestKeys(t *testing.T) {
	browser := newBrowser(t)
	o := newOutpost(t, outpostOptions{web: singles(t)})
	b := o.visitor(t, browser, "li", qianshao.RoleAnalyst)
	b.window(size{"1280", 1280, 480, false}, false) // so low that the evidence has to be scrolled
	b.open("/")
	b.wait(panel)
	subject := b.subject()
	const note = panel + ` textarea[name="words"]`

	scrolled := `document.querySelector(".item").scrollTop`
	b.press(" ")
	b.waitFor("the evidence's next page", scrolled+" > 0")
	b.run(chromedp.KeyEvent(" ", chromedp.KeyModifiers(chromedp.ModifierShift)))
	b.waitFor("its first page", scrolled+" === 0")

	b.press("m")
	b.waitFor("the note's field", fmt.Sprintf("document.activeElement === document.querySelector(%s)", quote(note)))
	b.press("j", " ", "z") // while typing, keys are text
	b.run(chromedp.KeyEvent(kb.Enter, chromedp.KeyModifiers(chromedp.ModifierCtrl)))
	b.waitFor("the note", fmt.Sprintf(`document.querySelector(%s).innerText.includes("j z")`, quote(panel)))
	if got := b.subject(); got != subject {
		t.Errorf("after the note it shows %s, not %s", got, subject)
	}
	acts := o.stateOf(t, subject).Acts
	if last := acts[len(acts)-1]; last.Kind != qianshao.ActNote {
		t.Errorf("Ctrl+Enter with a note alone did: %+v", last)
	}

	b.press("a")
	b.waitFor("the assignment", fmt.Sprintf(`document.activeElement.matches(%s)`, quote(panel+` details[open] form[action="/acts"] button`)))
	b.press(kb.Enter)
	b.other(subject)
	if got := o.stateOf(t, subject).Standing.Assignee; got != "li" {
		t.Errorf("a and Enter have assigned it to %q", got)
	}

	b.wait(panel)
	subject = b.subject()
	b.press("n", "5") // "another reason", which must be explained
	b.waitFor("the note's field", fmt.Sprintf("document.activeElement === document.querySelector(%s)", quote(note)))
	b.press("w", "h", "y")
	b.run(chromedp.KeyEvent(kb.Enter, chromedp.KeyModifiers(chromedp.ModifierCtrl)))
	b.other(subject)
	if got := o.stateOf(t, subject).Standing; got.Verdict != qianshao.VerdictNotCrime || got.Reason != qianshao.ReasonOther {
		t.Errorf("Ctrl+Enter with a chosen answer: %+v", got)
	}
	b.check()
}
