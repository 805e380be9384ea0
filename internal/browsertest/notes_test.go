package browsertest

import (
	"testing"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/store"
)

// TestNotesStayTheirs: a note that was typed and not sent reappears for its author, but not for the
// next person who signs in in the same tab, nor for its author after a log-out.
func TestNotesStayTheirs(t *testing.T) {
	browser := newBrowser(t)
	o := newOutpost(t, outpostOptions{web: singles(t)})
	b := o.visitor(t, browser, "li", qianshao.RoleAnalyst)
	o.add(t, "wang", qianshao.RoleAnalyst)
	const note, secret = panel + ` textarea[name="words"]`, "for my eyes"
	page := "/findings/" + o.findingOf(t, single("weapons")).ID
	b.open(page)
	b.fill(note, secret)
	b.open(page)
	if got := b.value(note); got != secret {
		t.Errorf("after a reload the note is %q", got)
	}
	b.submit(leaves)
	b.open(o.link(t, store.LinkEnter, "wang"))
	b.wait(leaves)
	b.open(page)
	if got := b.value(note); got != "" {
		t.Errorf("somebody else is shown %q", got)
	}
}
