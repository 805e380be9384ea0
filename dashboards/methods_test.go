package dashboards

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestUnknownMethods: every route answers a method that it does not allow with 405 and the allowed
// methods; an address that does not exist is 404 for any method.
func TestUnknownMethods(t *testing.T) {
	o := takesSubmissions(t)
	answer := func(method, path string) *httptest.ResponseRecorder {
		return o.serve(httptest.NewRequest(method, "http://127.0.0.1"+path, nil))
	}
	const read = "GET, HEAD"
	for path, allow := range map[string]string{
		"/": read, "/findings/0": read, "/findings/0/screenshot": read, "/authorisations": read, "/help": read, "/healthz": read,
		"/static/console.css": read, "/submissions": "GET, HEAD, POST", "/submissions/0/withdraw": "POST",
		"/api/v1/search": read, "/api/v1/views": "GET, HEAD, PUT", "/api/v1/findings/0": read, "/api/v1/submissions": "GET, HEAD, POST", "/api/v1/submissions/0": "DELETE, GET, HEAD",
		"/login": "GET, HEAD, POST", "/login/code": "POST", "/logout": "POST", "/enter": "GET, HEAD, POST", "/metrics": read,
		"/account": read, "/account/password": "POST", "/account/factor": "POST", "/account/tokens/0/revoke": "POST",
	} {
		for _, method := range []string{http.MethodPut, http.MethodPatch, http.MethodOptions, http.MethodTrace, "PROPFIND", http.MethodPost, http.MethodDelete} {
			if strings.Contains(allow, method) {
				continue
			}
			w := answer(method, path)
			if w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") != allow {
				t.Errorf("%s %s: %d, Allow %q, want 405 and %q", method, path, w.Code, w.Header().Get("Allow"), allow)
			}
			if isAPI := strings.HasPrefix(path, "/api/"); isAPI && !strings.Contains(w.Body.String(), `"code":"method_not_allowed"`) {
				t.Errorf("%s %s: %s", method, path, w.Body)
			}
		}
	}
	for _, path := range []string{"/none", "/api/v1/none", "/api/"} {
		if w := answer(http.MethodPut, path); w.Code != http.StatusNotFound || w.Header().Get("Allow") != "" {
			t.Errorf("PUT %s: %d, Allow %q", path, w.Code, w.Header().Get("Allow"))
		}
	}
}
