package sites

import (
	"cmp"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/store"
)

// editPage is the form of an authorisation.
type editPage struct {
	times
	// Pasted is always empty here; the shared template for pasted files reads it.
	Pasted string
	// ID is the id of an existing authorisation; "" for a new one.
	ID     string
	Values map[string]string
	// Seen is store.RegisterDigest of the entry that the form shows.
	Seen     string
	Mistakes []Mistake
	// Changed says that somebody else has changed it since the form was opened.
	Changed bool
}

// Fields are the keys of the form, in order.
func (v *editPage) Fields() []string {
	keys := []string{}
	for _, f := range new(qianshao.Authorisation).Fields() {
		keys = append(keys, f.Key)
	}
	return keys
}

// Kind says how a field is entered: "line", "lines", "choice" or "boxes".
func (v *editPage) Kind(key string) string {
	switch key {
	case "hosts", "include", "exclude", "seeds":
		return "lines"
	case "queries", "allow_private":
		return "choice"
	case "views":
		return "boxes"
	}
	return "line"
}

// OtherViews are the views that an authorisation may permit besides the plain visitor's.
func (v *editPage) OtherViews() []qianshao.View {
	return []qianshao.View{qianshao.ViewSearchVisitor, qianshao.ViewSearchCrawler}
}

// Permits says whether a view is ticked in the form.
func (v *editPage) Permits(view qianshao.View) bool {
	return slices.Contains(strings.Fields(v.Values["views"]), string(view))
}

// Needed says whether a field must be filled in.
func (v *editPage) Needed(key string) bool {
	return slices.Contains([]string{"id", "owner", "basis", "contact", "valid_from", "valid_until", "hosts"}, key)
}

// Wrong says what is wrong with a field, in the reader's language; "" if nothing is.
func (v *editPage) Wrong(key string) string {
	var texts []string
	for _, m := range v.Mistakes {
		if m.Field == key {
			texts = append(texts, v.say(m))
		}
	}
	return strings.Join(texts, "\n")
}

// Elsewhere are the mistakes that belong to no field.
func (v *editPage) Elsewhere() (texts []string) {
	for _, m := range v.Mistakes {
		if !slices.Contains(v.Fields(), m.Field) {
			texts = append(texts, v.say(m))
		}
	}
	return texts
}

func (v times) say(m Mistake) string {
	return v.Plain(m.Message.In(v.Language))
}

func (s *Sites) serveNew(w http.ResponseWriter, r *http.Request) {
	v := &editPage{times: times{s.Layout(w, r, "auth.new")}, Values: map[string]string{"rate": "1"}, Seen: store.RegisterDigest([]*qianshao.Authorisation{nil})}
	s.Render(w, r, http.StatusOK, "edit", v)
}

func (s *Sites) serveEdit(w http.ResponseWriter, r *http.Request) {
	a, err := s.visibleAuthorisation(r)
	if err != nil {
		s.failOrMissing(w, r, err)
		return
	}
	v := &editPage{times: times{s.Layout(w, r, "auth.edit")}, ID: a.ID, Values: values(&a), Seen: store.RegisterDigest([]*qianshao.Authorisation{&a})}
	s.Render(w, r, http.StatusOK, "edit", v)
}

// values are the fields of an authorisation as the form shows them: lists have one entry a line.
func values(a *qianshao.Authorisation) map[string]string {
	out := map[string]string{}
	for _, f := range a.Fields() {
		out[f.Key] = f.Value
	}
	for _, key := range []string{"hosts", "include", "exclude", "seeds"} {
		out[key] = strings.ReplaceAll(out[key], " ", "\n")
	}
	return out
}

func (s *Sites) takeNew(w http.ResponseWriter, r *http.Request) { s.take(w, r, "") }

func (s *Sites) takeEdit(w http.ResponseWriter, r *http.Request) { s.take(w, r, r.PathValue("id")) }

// take saves the form of an authorisation; of a new one if id is "".
func (s *Sites) take(w http.ResponseWriter, r *http.Request, id string) {
	title := "auth.new"
	if id != "" {
		title = "auth.edit"
	}
	v := &editPage{times: times{s.Layout(w, r, title)}, ID: id, Values: map[string]string{}, Seen: r.PostFormValue("seen")}
	for _, key := range v.Fields() {
		v.Values[key] = strings.TrimSpace(strings.Join(r.PostForm[key], " "))
	}
	if id != "" {
		v.Values["id"] = id
	}
	a, mistakes := s.opts.Register.ParseFields(v.Values)
	if v.Mistakes = mistakes; len(mistakes) > 0 {
		s.Render(w, r, http.StatusUnprocessableEntity, "edit", v)
		return
	}
	err := s.opts.Store.ReplaceAuthorisations(r.Context(), s.signed(r), []qianshao.Authorisation{a}, cmp.Or(v.Seen, "none"))
	if err == nil {
		err = s.opts.Register.Changed(r.Context())
	}
	switch {
	case errors.Is(err, store.ErrChanged):
		v.Changed = true
		s.Render(w, r, http.StatusConflict, "edit", v)
	case err != nil:
		s.FailWith(w, r, err)
	default:
		http.Redirect(w, r, authorisationURL(a.ID)+"?done=1", http.StatusSeeOther)
	}
}
