package evidence

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"mime"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/ingest/warc"
)

// Item is a page to archive, with the permission to fetch it and what was found on it.
type Item struct {
	Page       qianshao.Page
	Assessment qianshao.Assessment
	// Authorisation under which the page was fetched; nil for the operator's own files.
	Authorisation *qianshao.Authorisation
	// Rules is the digest of the rule set.
	Rules string
}

// Prefixes for the URIs of records that are about a page but were not sent by
// its server. They keep these apart from the page when an archive is replayed;
// browsertrix names screenshots in this way.
const (
	screenshotURI = "urn:view:"
	renderedURI   = "urn:rendered:" // what a browser made of the page by running its scripts
	findingsURI   = "urn:findings:"
)

// views are the page in every view in which it was requested.
func (i *Item) views() []qianshao.Page { return append([]qianshao.Page{i.Page}, i.Page.Others...) }

// fingerprint is equal for two visits if the second adds nothing to the archive.
func (i *Item) fingerprint() string {
	sum := sha256.New()
	for _, page := range i.views() {
		fmt.Fprintf(sum, "%s %d %s\n", page.View, page.Status, warc.Digest(page.Body))
	}
	for _, p := range i.Page.Pictures {
		fmt.Fprintf(sum, "%s %s\n", p.Place(), warc.Digest(p.Body))
	}
	for _, id := range i.findings() {
		fmt.Fprintf(sum, "%s\n", id)
	}
	for _, script := range i.scripts() {
		fmt.Fprintf(sum, "%s %s\n", script, warc.Digest(i.Page.Scripts[script]))
	}
	for k := range i.Assessment.Findings {
		// A finding's id implies its category until it moves to another one.
		if f := &i.Assessment.Findings[k]; f.ID != qianshao.FindingID(f.URL, string(f.Category)) {
			fmt.Fprintf(sum, "%s %s\n", f.ID, f.Category)
		}
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// findings are the ids of the findings, sorted.
func (i *Item) findings() []string {
	var ids []string
	for k := range i.Assessment.Findings {
		ids = append(ids, i.Assessment.Findings[k].ID)
	}
	slices.Sort(ids)
	return ids
}

// encoded is a record that is written, but not yet at its place in a file.
type encoded struct {
	draft   warc.Draft
	kind    string // of the link, if it is not draft.Type
	written warc.Written
}

// encode writes the page's records to w, view by view.
func (i *Item) encode(w *warc.Writer) ([]encoded, error) {
	e := encoder{w: w}
	for _, page := range i.views() {
		about := e.answers(&page)
		e.write(i.metadata(&page, about))
		if len(page.Screenshot) > 0 {
			e.write(warc.Draft{Type: warc.TypeResource, TargetURI: screenshotURI + uriOf(page.URL), Date: page.FetchedAt,
				ContentType: "image/png", Fields: warc.Fields{{Name: "WARC-Concurrent-To", Value: about}}, Body: page.Screenshot})
		}
	}
	e.write(i.findingsRecord())
	for _, sheet := range i.sheets() {
		e.write(warc.Draft{Type: warc.TypeResource, TargetURI: uriOf(sheet), Date: i.Page.FetchedAt, ContentType: "text/css", Body: i.Page.Stylesheets[sheet]})
	}
	for _, script := range i.scripts() {
		e.write(warc.Draft{Type: warc.TypeResource, TargetURI: uriOf(script), Date: i.Page.FetchedAt, ContentType: "text/javascript", Body: i.Page.Scripts[script]})
	}
	for _, p := range i.Page.Pictures {
		if len(p.Body) > 0 { // else the page itself has it
			e.write(warc.Draft{Type: warc.TypeResource, TargetURI: uriOf(p.URL), Date: i.Page.FetchedAt, ContentType: pictureType(p.ContentType), Body: p.Body})
		}
	}
	return e.records, e.err
}

// pictureType returns the media type that the server declared, if it is a picture's.
func pictureType(declared string) string {
	if declared = headerValue(declared); strings.HasPrefix(declared, "image/") {
		return declared
	}
	return "application/octet-stream"
}

// sheets are the URLs of the page's style sheets if evidence was hidden, as
// they prove that. Their wire form is not kept.
func (i *Item) sheets() []string {
	if !slices.ContainsFunc(i.Assessment.Findings, func(f qianshao.Finding) bool { return f.Hidden }) {
		return nil
	}
	return slices.Sorted(maps.Keys(i.Page.Stylesheets))
}

// scripts are the URLs of the external scripts with evidence. Their wire form is not
// kept. The page's metadata record names the other scripts that the page was judged with.
func (i *Item) scripts() (urls []string) {
	for k := range i.Assessment.Findings {
		for _, e := range i.Assessment.Findings[k].Evidence {
			if i.Page.Scripts[e.Script] != nil {
				urls = append(urls, e.Script)
			}
		}
	}
	slices.Sort(urls)
	return slices.Compact(urls)
}

type encoder struct {
	w       *warc.Writer
	records []encoded
	err     error // the first; nothing is written after it
}

// write returns the record's id.
func (e *encoder) write(d warc.Draft) string {
	if e.err != nil {
		return ""
	}
	var written warc.Written
	written, e.err = e.w.Write(d)
	e.records = append(e.records, encoded{draft: d, written: written})
	return written.ID
}

// answers writes the requests that led to the page and their responses. If the
// wire form is not known (files, pages from another archive), the page is
// written as what the standard calls a resource: content without its protocol.
// It returns the id of the record with the page.
func (e *encoder) answers(page *qianshao.Page) (id string) {
	if len(page.Exchanges) == 0 {
		uri := uriOf(page.URL)
		if page.View == qianshao.ViewBrowser {
			uri = renderedURI + uri
		}
		d := warc.Draft{Type: warc.TypeResource, TargetURI: uri, Date: page.FetchedAt, ContentType: headerValue(page.ContentType), Body: page.Body}
		if d.ContentType == "" {
			d.ContentType = "application/octet-stream"
		}
		if page.Truncated {
			d.Truncated = "length"
		}
		return e.write(d)
	}
	for _, x := range page.Exchanges {
		at := x.At
		if at.IsZero() {
			at = page.FetchedAt
		}
		response := warc.ResponseDraft(uriOf(x.URL), at, x.ResponseHeader, x.Body)
		response.Fields = connection(&x)
		if x.Truncated {
			response.Truncated = "length"
		}
		id = e.write(response)
		request := warc.RequestDraft(uriOf(x.URL), at, x.Request, id)
		request.Fields = append(request.Fields, connection(&x)...)
		e.write(request)
	}
	return id
}

func connection(x *qianshao.Exchange) (fields warc.Fields) {
	protocol := strings.ToLower(x.Protocol)
	if protocol == "http/2.0" {
		protocol = "h2"
	}
	for _, f := range (warc.Fields{{Name: "WARC-IP-Address", Value: headerValue(x.Address)}, {Name: "WARC-Protocol", Value: headerValue(protocol)}}) {
		if f.Value != "" {
			fields = append(fields, f)
		}
	}
	return fields
}

// metadata returns a record of the permission under which one view of the page
// was requested, and of what was found.
func (i *Item) metadata(page *qianshao.Page, about string) warc.Draft {
	view := string(page.View)
	if page.View == qianshao.ViewVisitor {
		view = "visitor"
	}
	fields := warc.Fields{{Name: "view", Value: view}, {Name: "source", Value: string(page.Source)}, {Name: "requestedUrl", Value: page.RequestedURL}}
	if a := i.Authorisation; a != nil {
		first, last := a.Days()
		fields = append(fields, warc.Field{Name: "authorisation", Value: a.ID}, warc.Field{Name: "authorisationOwner", Value: a.Owner},
			warc.Field{Name: "authorisationBasis", Value: a.Basis}, warc.Field{Name: "authorisationDays", Value: first + "/" + last})
		if page.View == qianshao.ViewSearchCrawler {
			fields = append(fields, warc.Field{Name: "crawlerBasis", Value: a.CrawlerBasis})
		}
	}
	fields = append(fields, warc.Field{Name: "robotsWaiver", Value: page.RobotsWaiver}, warc.Field{Name: "ruleSet", Value: i.Rules})
	for _, tag := range page.RobotsTags {
		fields = append(fields, warc.Field{Name: "xRobotsTag", Value: tag})
	}
	for _, script := range slices.Sorted(maps.Keys(page.Scripts)) {
		fields = append(fields, warc.Field{Name: "script", Value: warc.Digest(page.Scripts[script]) + " " + script})
	}
	for k := range i.Assessment.Findings {
		f := &i.Assessment.Findings[k]
		fields = append(fields, warc.Field{Name: "finding", Value: fmt.Sprintf("%s %s %s %s %d", f.ID, f.Rule, f.Category, f.Level, f.Score)})
	}
	fields = slices.DeleteFunc(fields, func(f warc.Field) bool { return f.Value == "" })
	for k := range fields {
		fields[k].Value = headerValue(fields[k].Value)
	}
	block, _ := warc.FieldsBlock(fields) // the values have no line breaks and are short
	return warc.Draft{Type: warc.TypeMetadata, TargetURI: uriOf(page.URL), Date: page.FetchedAt, ContentType: warc.ContentFields,
		Fields: warc.Fields{{Name: "WARC-Concurrent-To", Value: about}}, Body: block}
}

// findingsRecord returns a record of the findings with their evidence, so that
// the archive can be read without the database.
func (i *Item) findingsRecord() warc.Draft {
	text, _ := json.Marshal(i.Assessment.Findings) // cannot fail for plain structs
	return warc.Draft{Type: warc.TypeMetadata, TargetURI: findingsURI + uriOf(i.Page.URL), Date: i.Page.FetchedAt, ContentType: "application/json", Body: text}
}

// maxHeaderValue bounds what a page may put into a record's header.
const maxHeaderValue = 8 << 10

// headerValue makes text fit on a header's line.
func headerValue(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
	if len(s) > maxHeaderValue {
		s = strings.ToValidUTF8(s[:maxHeaderValue], "")
	}
	return strings.TrimSpace(s)
}

// uriOf returns a page's URL, or a file's path as a URI.
func uriOf(page string) string {
	if scheme, _, ok := strings.Cut(page, ":"); ok && len(scheme) > 1 && !strings.ContainsAny(scheme, "/\\ .#") {
		return page
	}
	return (&url.URL{Scheme: "file", Path: page}).String()
}

// link describes a record whose writer began at base in the file.
func (r *encoded) link(file string, base int64, added time.Time) Link {
	d := &r.draft
	kind := d.Type
	if r.kind != "" {
		kind = r.kind
	}
	l := Link{
		Kind: kind, Added: added, File: file, Offset: base + r.written.Offset, Length: r.written.Length,
		Record: hex.EncodeToString(r.written.SHA256[:]), ID: r.written.ID, URI: warc.EscapeURI(d.TargetURI),
		Captured: d.Date.UTC().Truncate(time.Second), MIME: d.ContentType, Payload: r.written.PayloadDigest,
	}
	if d.Type == warc.TypeResponse {
		l.Status, l.MIME = answered(d.Header)
	}
	if media, _, err := mime.ParseMediaType(l.MIME); err == nil {
		l.MIME = media
	}
	return l
}

// answered reads status and content type from a response's header.
func answered(header []byte) (status int, contentType string) {
	first, rest, _ := strings.Cut(string(header), "\n")
	if words := strings.Fields(first); len(words) > 1 {
		status, _ = strconv.Atoi(words[1]) // 0 if it is not a number
	}
	for line := range strings.SplitSeq(rest, "\n") {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.EqualFold(strings.TrimSpace(name), "Content-Type") {
			return status, headerValue(value)
		}
	}
	return status, "unk" // what pywb writes for an answer that declares none
}
