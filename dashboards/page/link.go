package page

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/qianshao/qianshao/index"
)

// LocalPath returns next if it is a page of this console, otherwise the front page: a sign-in form
// must not be an open redirector.
func LocalPath(next string) string {
	u, err := url.Parse(next)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil || u.Opaque != "" {
		return "/"
	}
	// Browsers treat a backslash as a slash, and strip tabs and line breaks.
	if !strings.HasPrefix(next, "/") || strings.HasPrefix(next, "//") || strings.ContainsAny(next, "\\\t\r\n") {
		return "/"
	}
	if u.Path == "/login" || u.Path == "/logout" || u.Path == "/enter" {
		return "/"
	}
	return next
}

// WithQuery returns a path with parameters, if there are any.
func WithQuery(path string, values url.Values) string {
	if len(values) == 0 {
		return path
	}
	return path + "?" + values.Encode()
}

// With returns a local address with the parameters of set replaced; those without values are
// removed. An address that cannot be read is returned as it is.
func With(address string, set url.Values) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	values := u.Query()
	for name, list := range set {
		values[name] = list
		if len(list) == 0 {
			values.Del(name)
		}
	}
	return WithQuery(u.EscapedPath(), values)
}

// SearchURL is the address of the search for a query.
func SearchURL(query string) string {
	values := url.Values{}
	if query != "" {
		values.Set("q", query)
	}
	return WithQuery("/search", values)
}

// FindingURL is the page of a finding, with a link back to the page that the reader came from.
func FindingURL(id, from string) string {
	return WithQuery("/findings/"+url.PathEscape(id), url.Values{"from": {from}})
}

// Clause writes field:value in the query language.
func Clause(field, value string) string {
	return index.Field{Name: index.FieldName(field), Value: index.Text(value)}.String()
}

// Offset reads the parameter offset; it is 0 if that is not a number from 0 to limit.
func Offset(r *http.Request, limit int) int {
	n, err := strconv.Atoi(r.FormValue("offset"))
	if err != nil || n < 0 || n > limit {
		return 0
	}
	return n
}
