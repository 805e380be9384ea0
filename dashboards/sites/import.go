package sites

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/dashboards/auth"
	"github.com/qianshao/qianshao/store"
)

const (
	// shownPlanned bounds the authorisations, and the mistakes, that a preview lists individually:
	// with more of them, people look at the first and at the totals.
	shownPlanned = 500
	// maxName bounds the name of a file, in bytes.
	maxName = 200
)

// planned is what an import would do to an authorisation.
type planned struct {
	ID, Owner string
	// Event is "added", "changed" or "unchanged".
	Event   string
	Changes []qianshao.AuthorisationChange
}

// importPage is the preview of a file.
type importPage struct {
	times
	Name, Text string
	// Pasted is Text if it was pasted instead of uploaded, so that it can be corrected in the form.
	Pasted   string
	Mistakes []Mistake
	List     []planned
	// Added, Changed and Unchanged count all authorisations, including those that are not listed.
	Added, Changed, Unchanged int
	// Seen is the digest that the button "confirm" sends; Stale says that the register no longer
	// matches what was shown.
	Seen  string
	Stale bool
	// Empty says that nothing was sent.
	Empty bool
}

func (v *importPage) Say(m Mistake) string { return v.say(m) }

// Shown are the mistakes that are listed.
func (v *importPage) Shown() []Mistake { return v.Mistakes[:min(len(v.Mistakes), shownPlanned)] }

// More is how many authorisations, or mistakes, are not listed.
func (v *importPage) More() int {
	return max(0, max(v.Added+v.Changed+v.Unchanged, len(v.Mistakes))-shownPlanned)
}

// Total is how many authorisations confirming would add or change.
func (v *importPage) Total() int { return v.Added + v.Changed }

// takeFile imports a file of authorisations: first it shows what would happen to them; once that is
// confirmed, it does it, unless the register has changed in the meantime.
func (s *Sites) takeFile(w http.ResponseWriter, r *http.Request) {
	v := &importPage{times: times{s.Layout(w, r, "import.title")}}
	var err error
	if v.Name, v.Text, err = sentFile(r); err != nil {
		s.Fail(w, r, http.StatusRequestEntityTooLarge)
		return
	}
	if v.Name == "" {
		v.Pasted = v.Text
	}
	if v.Empty = strings.TrimSpace(v.Text) == ""; v.Empty {
		s.Render(w, r, http.StatusUnprocessableEntity, "import", v)
		return
	}
	list, mistakes := s.opts.Register.ParseFile(v.Name, []byte(v.Text))
	if v.Mistakes = mistakes; len(mistakes) > 0 {
		s.Render(w, r, http.StatusUnprocessableEntity, "import", v)
		return
	}
	before, err := s.plan(r, v, list)
	if err != nil {
		s.FailWith(w, r, err)
		return
	}
	confirmed := r.PostFormValue("seen")
	if confirmed == "" || v.Total() == 0 {
		s.Render(w, r, http.StatusOK, "import", v)
		return
	}
	err = store.ErrChanged
	if confirmed == v.Seen {
		err = s.opts.Store.ReplaceAuthorisations(r.Context(), s.signed(r), list, before)
	}
	if err == nil {
		err = s.opts.Register.Changed(r.Context())
	}
	switch {
	case errors.Is(err, store.ErrChanged):
		v.Stale = true
		s.Render(w, r, http.StatusConflict, "import", v)
	case err != nil:
		s.FailWith(w, r, err)
	default:
		http.Redirect(w, r, "/authorisations", http.StatusSeeOther)
	}
}

// sentFile returns the uploaded file of a form, or the text pasted into it.
func sentFile(r *http.Request) (name, text string, err error) {
	if file, header, err := r.FormFile("file"); err == nil {
		defer file.Close()
		content, err := io.ReadAll(io.LimitReader(file, auth.MaxUpload))
		if err != nil {
			return "", "", err
		}
		if len(content) > 0 {
			return strings.ToValidUTF8(header.Filename[:min(len(header.Filename), maxName)], ""), inUTF8(content), nil
		}
	}
	name = r.PostFormValue("name")
	return name[:min(len(name), maxName)], r.PostFormValue("text"), nil
}

// inUTF8 returns the text of a file in UTF-8, so that the page can send it back: spreadsheets in
// China write GB 18030. Text in neither encoding is left as it is, for the parser to refuse.
func inUTF8(content []byte) string {
	text := strings.TrimPrefix(string(content), "\ufeff")
	if utf8.ValidString(text) {
		return text
	}
	decoded, err := simplifiedchinese.GB18030.NewDecoder().String(text)
	if err != nil || strings.ContainsRune(decoded, utf8.RuneError) {
		return text
	}
	return decoded
}

// plan fills in what would happen to the authorisations, and returns the digest of their current
// state.
func (s *Sites) plan(r *http.Request, v *importPage, list []qianshao.Authorisation) (before string, err error) {
	now, err := s.opts.Store.Authorisations(r.Context())
	if err != nil {
		return "", err
	}
	at := map[string]*qianshao.Authorisation{}
	for i := range now {
		at[now[i].ID] = &now[i]
	}
	was := make([]*qianshao.Authorisation, len(list))
	for i := range list {
		a := &list[i]
		was[i] = at[a.ID]
		p := planned{ID: a.ID, Owner: v.Plain(a.Owner), Event: "unchanged", Changes: a.ChangedFrom(was[i])}
		switch {
		case was[i] == nil:
			p.Event = "added"
			v.Added++
		case len(p.Changes) > 0:
			p.Event = "changed"
			v.Changed++
		default:
			v.Unchanged++
		}
		if len(v.List) < shownPlanned {
			v.List = append(v.List, p)
		}
	}
	text, err := json.Marshal(list)
	if err != nil {
		return "", err
	}
	before = store.RegisterDigest(was)
	sum := sha256.Sum256(fmt.Appendf(text, "\n%s", before))
	v.Seen = hex.EncodeToString(sum[:])
	return before, nil
}
